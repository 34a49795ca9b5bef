// `cargo xtask flows --from DIR`: Meta's sample endpoints for Flows, unmodified, on Node and on a host of the `roost`
// binary. DIR is a checkout of WhatsApp/WhatsApp-Flows-Tools. The harness plays Meta: it makes the keys as the samples'
// own generator does, encrypts and signs what the customer's app asks, and decrypts the answers.

import { constants, createCipheriv, createDecipheriv, createHmac, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { ask } from './ask.js'
import { prepare } from './folders.js'
import { startOnNode } from './node.js'
import { World } from './world.js'

const EXAMPLES = 'examples/endpoint/nodejs'
const TAG_BYTES = 16
const PASSPHRASE = 'a passphrase with spaces'
const FLOW_TOKEN = 'flows-token-1'

/** What a customer does on the screens of each sample. */
const SCREENS = {
  basic: [['MY_SCREEN', { name: 'Ana Çelik' }]],
  'book-appointment': [
    ['APPOINTMENT', { department: 'beauty' }],
    ['APPOINTMENT', { department: 'beauty', location: '1', date: '2024-01-01' }],
    ['DETAILS', { department: 'beauty', location: '1', date: '2024-01-01', time: '11:30', name: 'Ana', email: 'ana@example.com', phone: '123', more_details: 'two\nlines' }],
    ['SUMMARY', { department: 'beauty', location: '1' }],
  ],
  'insurance-quote': [
    ['APPLICANTS', { cover_for_additional: 'my_family' }], ['APPLICANTS', { cover_for_additional: 'myself' }], ['APPLICANTS', { cover: 'myself' }], ['COVER_LEVEL', { cover: 'myself', level: '1' }],
    ['EXCESS', { excess: '5000.00' }], ['DETAILS', { cover: 'my_children', additional_applicants_count: '2' }], ['DETAILS', { cover: 'myself' }], ['YOUR_HEALTH', { cover: 'myself' }], ['YOUR_HEALTH', { cover: 'my_family' }],
    ['ADDITIONAL_APPLICANT', { additional_relation: 'child', additional_dob: '2015-01-01', additonal_comorbidities: [], additonal_tobacco: 'no', additional_applicants: [], additional_applicants_count: 2, additional_applicant_index: 0 }],
    ['POLICY_SELECTION', { selected_policy: 'advanced' }], ['SELECTED_POLICY', { selected_policy: 'advanced' }], ['YOUR_QUOTE', { payment_option: 'monthly' }], ['YOUR_QUOTE', { price: '₹ 1000.00' }], ['SUMMARY', { accepted: true }],
  ],
  'personalised-offer': [
    ['PRODUCT_SELECTOR', { product_selection: '0_Phones' }], ['OPTIONS', { selected_product: 'phone' }], ['OFFER', { device: '1', selected_product: 'phone' }],
  ],
  'preapproved-loan': [
    ['LOAN', { amount: 'amount2', tenure: 'months24' }], ['LOAN', { amount: 'amount1', tenure: 'months12', emi: '₹ 63,000' }], ['DETAILS', { payment_mode: 'UPI' }],
    ['DETAILS', { upi_id: 'ana@upi1234', amount: '1', tenure: '2', emi: '3' }], ['DETAILS', { account_number: '99991234', amount: '1', tenure: '2', emi: '3' }], ['SUMMARY', {}],
  ],
}

const { values: flags, positionals: wanted } = parseArgs({ allowPositionals: true, options: { from: { type: 'string' }, node: { type: 'boolean' }, verbose: { type: 'boolean' } } })
const from = path.resolve(flags.from ?? '', EXAMPLES)
if (!flags.from || !existsSync(from)) {
  console.error(`\`--from\` names a checkout of WhatsApp/WhatsApp-Flows-Tools, which has \`${EXAMPLES}\``)
  process.exit(2)
}

/** Keys as the samples' `keyGenerator.js` makes them. */
function keys() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem', cipher: 'des-ede3-cbc', passphrase: PASSPHRASE },
  })
}

const own = keys()
const others = keys()

/** What the app on the customer's phone sends. */
function sealed(message, publicKey = own.publicKey) {
  const [key, iv] = [randomBytes(16), randomBytes(16)]
  const cipher = createCipheriv('aes-128-gcm', key, iv)
  const data = Buffer.concat([cipher.update(JSON.stringify(message)), cipher.final(), cipher.getAuthTag()])
  const sealedKey = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, key)
  const body = { encrypted_flow_data: data.toString('base64'), encrypted_aes_key: sealedKey.toString('base64'), initial_vector: iv.toString('base64') }
  return { body, key, iv }
}

/** What the app reads of an answer: the same key, and the vector with all its bits turned over. */
function opened(text, { key, iv }) {
  const bytes = Buffer.from(text, 'base64')
  const decipher = createDecipheriv('aes-128-gcm', key, iv.map((byte) => ~byte))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString())
}

/** All requests of a sample, each by name, as bytes that both sides get. */
function requestsOf(name) {
  const message = (action, more = {}) => ({ version: '3.0', action, flow_token: FLOW_TOKEN, ...more })
  const signed = (label, made, secret) => ({ label, ...made, text: JSON.stringify(made.body), secret })
  const exchanges = SCREENS[name] ?? [['MY_SCREEN', {}]]
  const spoiled = sealed(message('ping'))
  const data = Buffer.from(spoiled.body.encrypted_flow_data, 'base64')
  data[0] ^= 1
  return [
    signed('ping', sealed({ version: '3.0', action: 'ping' })),
    signed('INIT', sealed(message('INIT'))),
    ...exchanges.map(([screen, given], n) => signed(`data_exchange ${n + 1} of ${screen}`, sealed(message('data_exchange', { screen, data: given })))),
    signed('error notification', sealed(message('data_exchange', { screen: 'X', data: { error: 'INVALID_SCREEN_TRANSITION', error_message: 'no way there' } }))),
    signed('BACK', sealed(message('BACK', { screen: exchanges[0][0], data: {} }))),
    signed('unknown screen', sealed(message('data_exchange', { screen: 'NOWHERE', data: {} }))),
    signed('wrong signature', sealed(message('ping')), 'another secret'),
    signed('another key', sealed(message('ping'), others.publicKey)),
    signed('spoiled data', { ...spoiled, body: { ...spoiled.body, encrypted_flow_data: data.toString('base64') } }),
    signed('ping again', sealed({ version: '3.0', action: 'ping' })),
  ]
}

/** What the app sees of an answer. An endpoint that failed gives it none: on Node its process ended, a host says so. */
async function answer(base, appSecret, request) {
  const signature = `sha256=${createHmac('sha256', request.secret ?? appSecret).update(request.text).digest('hex')}`
  const { status, headers, body, error } = await ask(`${base}/`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature }, body: request.text })
  if (error || (status === 502 && body.includes('"bot-failed"'))) return { failed: true }
  // What nobody signed with the app's secret a host refuses itself (403), before the endpoint can (432).
  if (request.secret) return { refused: status === 432 || status === 403 }
  if (status !== 200) return { status }
  try {
    return { status, type: headers['content-type'], says: opened(body, request), sealed: body }
  } catch (problem) {
    return { status, unreadable: problem.message, body: body.slice(0, 200) }
  }
}

async function onNode(folder, appSecret, requests) {
  const env = { APP_SECRET: appSecret, PRIVATE_KEY: own.privateKey, PASSPHRASE }
  let bot
  const seen = []
  for (const request of requests) {
    bot ??= await startOnNode(folder, { env })
    if (bot.ended) throw new Error(`on Node ${bot.ended}:\n${bot.said()}`)
    const got = await answer(`http://127.0.0.1:${bot.port}`, appSecret, request)
    seen.push(got)
    if (got.failed) {
      await bot.stop()
      bot = undefined
    }
  }
  await bot?.stop()
  return seen
}

async function onRoost(world, name, folder, requests) {
  const project = `flows-${name}`
  await world.must(['projects', 'create', project])
  for (const [key, value] of [['PRIVATE_KEY', own.privateKey], ['PASSPHRASE', PASSPHRASE]]) await world.must(['secrets', 'set', key, '-p', project], { input: value })
  const deployed = await world.roost(['deploy', folder, '-p', project])
  if (deployed.code !== 0) return { failure: deployed.said }
  const seen = []
  for (const request of requests) seen.push(await answer(world.pages(project), world.keys.app_secret, request))
  const { said } = await world.roost(['logs', '-p', project])
  return { seen, said }
}

const names = readdirSync(from, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).filter((name) => wanted.length === 0 || wanted.includes(name))
const world = flags.node ? undefined : await World.start()
const appSecret = world?.keys.app_secret ?? 'an app secret'
const count = { same: 0, not: 0 }
try {
  for (const name of names) {
    const folder = await prepare(path.join(from, name), {})
    const requests = requestsOf(name)
    const node = await onNode(folder, appSecret, requests)
    if (node[0].says?.data?.status !== 'active') throw new Error(`${name} on Node: a ping gave ${JSON.stringify(node[0])}`)
    const roost = world ? await onRoost(world, name, folder, requests) : { seen: node }
    const not = []
    for (const [n, { label }] of requests.entries()) {
      const isSame = !roost.failure && isDeepStrictEqual(node[n], roost.seen[n])
      count[isSame ? 'same' : 'not']++
      if (!isSame && !roost.failure) not.push(`    ${label}:\n      node:  ${shown(node[n])}\n      roost: ${shown(roost.seen[n])}`)
      else if (flags.verbose || flags.node) console.log(`    ${name}, ${label}: ${shown(node[n])}`)
    }
    console.log(`${name}: ${roost.failure ? `not deployed:\n${roost.failure}` : `${requests.length - not.length} of ${requests.length} as on Node`}`)
    for (const line of not) console.log(line)
    if (flags.verbose && roost.said) console.log(roost.said)
  }
} finally {
  await world?.stop()
}
console.log(`flows: ${count.same} answers as on Node, ${count.not} not`)
process.exitCode = count.not ? 1 : 0

function shown(value) {
  const text = JSON.stringify({ ...value, sealed: undefined })
  return text.length > 400 ? `${text.slice(0, 400)}…` : text
}
