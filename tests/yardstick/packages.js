// `cargo xtask packages [--fast] [NAME…]`: each bot of guests/packages on Node and in the `roost` binary, compared
// check by check. Without names it also writes docs/packages.md; with `--page` of what was measured last of each.
// `--fast` takes those of guests/packages/fast, which have a small lock file of their own, and has to find all equal.
// `--node` shows what Node gives and starts no host.

import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { ask } from './ask.js'
import { startOnNode } from './node.js'
import { page } from './page.js'
import { startPeer } from './peer.js'
import { startPostgres } from './postgres.js'
import { ROOT, World } from './world.js'

const PACKAGES = path.join(ROOT, 'guests/packages')
const WORK = path.join(ROOT, 'target/yardstick/packages')
const FAST = path.join(PACKAGES, 'fast')

/** Bots that write to customers, and need a number for that. */
const MESSENGERS = ['whatsapp-api-js', 'kapso']

/** What is counted apart, because the host has it in no form yet. */
const APART = ['sockets', 'SQL dialects']

/** The folders with a bot in a folder, by their names. */
function botsIn(folder) {
  return readdirSync(folder).filter((name) => existsSync(path.join(folder, name, 'app.js')))
}

function folderOf(name) {
  const place = [FAST, PACKAGES].find((folder) => existsSync(path.join(folder, name, 'app.js')))
  return path.join(place, name)
}

/** Asks a running bot for all its checks: `{name: result}`, and what each needs. */
async function answers(base) {
  const listed = await ask(`${base}/t`)
  if (listed.status !== 200) return { failure: `its list of checks: ${JSON.stringify(listed).slice(0, 500)}` }
  const list = JSON.parse(listed.body)
  const results = new Map()
  for (const { name, request } of list) {
    if (!request) {
      const { status, body, error, end } = await ask(`${base}/t?c=${name}`)
      const isWhole = status === 200 && end === 'ended' && body
      results.set(name, isWhole ? JSON.parse(body) : { broken: status ?? error, end, body: body?.slice(0, 500) })
      continue
    }
    const { path: where, base64, ...options } = request
    results.set(name, await ask(base + where, { ...options, body: base64 ? Buffer.from(base64, 'base64') : options.body }))
  }
  return { list, results }
}

async function onNode({ peer, postgres, world }, name) {
  const number = MESSENGERS.includes(name) && world ? await world.number('http://127.0.0.1:9/nobody') : {}
  const meta = { VERIFY_TOKEN: 'a-word', APP_SECRET: 'a-secret', PHONE_NUMBER_ID: number.id ?? '1', WHATSAPP_TOKEN: number.token ?? 'EAA', CUSTOMER: number.customer ?? '15551000001' }
  const bot = await startOnNode(folderOf(name), { env: { ...postgres.env, ...peer.env, ...meta }, world: peer.world() })
  try {
    if (bot.ended) return { failure: `${bot.ended}\n${bot.said()}` }
    return await answers(`http://127.0.0.1:${bot.port}`)
  } finally {
    await bot.stop()
  }
}

async function onRoost({ world }, name) {
  const project = `p-${name.replaceAll('.', '-')}`
  const component = path.join(WORK, `${name}.wasm`)
  const built = await world.roost(['build', folderOf(name), '-o', component])
  if (built.code !== 0) return { failure: built.said, build: built.said }
  await world.must(['projects', 'create', project])
  if (MESSENGERS.includes(name)) {
    const number = await world.number()
    await world.must(['number', 'connect', '-p', project, '--phone-number-id', number.id, '--waba-id', number.waba])
    await world.must(['secrets', 'set', 'CUSTOMER', '-p', project], { input: number.customer })
  }
  const deployed = await world.roost(['deploy', component, '-p', project])
  if (deployed.code !== 0) return { failure: deployed.said, build: built.said }
  return { ...(await answers(world.pages(project))), build: built.said }
}

/** Runs one package on both sides. */
async function measure(setup, name) {
  const node = await onNode(setup, name)
  if (node.failure) throw new Error(`${name} on Node: ${node.failure}`)
  const roost = setup.world ? await onRoost(setup, name) : { results: new Map() }
  const checks = node.list.map(({ name: check, needs }) => {
    const [left, right] = [node, roost].map(({ results }) => results?.get(check))
    return { check, needs, node: left, roost: right, equal: isDeepStrictEqual(left, right) }
  })
  return { name, checks, failure: roost.failure, version: versionOf(name), build: roost.build }
}

/** Which of the pinned packages a bot is about: the first that its code names. */
function versionOf(name) {
  const folder = folderOf(name)
  const { dependencies } = JSON.parse(readFileSync(path.join(folder, '../package.json'), 'utf8'))
  const code = readFileSync(path.join(folder, 'app.js'), 'utf8')
  const named = [...code.matchAll(/(?:require|import)\('([^'.][^']*)'\)/g)].map(([, from]) => from.split('/').slice(0, from[0] === '@' ? 2 : 1).join('/'))
  const found = (name in dependencies ? [name] : named).find((from) => from in dependencies)
  return found && `${found} ${dependencies[found].replace(/^npm:.*@/, '')}`
}

const { values: flags, positionals: wanted } = parseArgs({ allowPositionals: true, options: { fast: { type: 'boolean' }, node: { type: 'boolean' }, page: { type: 'boolean' }, verbose: { type: 'boolean' } } })
const fast = botsIn(FAST)
const all = [...botsIn(PACKAGES), ...fast].sort()
for (const name of wanted) if (!all.includes(name)) throw new Error(`there is no package \`${name}\`; there are: ${all.join(', ')}`)
const chosen = wanted.length ? wanted : flags.fast ? fast : all

mkdirSync(WORK, { recursive: true })
const peer = await startPeer()
const postgres = await startPostgres()
const world = flags.node ? undefined : await World.start({ flags: peer.flags })
if (world) peer.meta = world.host.graph
const measured = []
try {
  for (const name of chosen) {
    const result = await measure({ world, peer, postgres }, name).catch((error) => ({ name, checks: [], broken: error.stack }))
    measured.push(result)
    // Kept, so that a page can be written of several runs.
    if (world) writeFileSync(path.join(WORK, `${name}.json`), JSON.stringify(result))
    tell(result)
  }
} finally {
  await world?.stop()
  await postgres.stop()
  await peer.stop()
}

function tell({ name, checks, failure, broken }) {
  const equal = checks.filter((check) => check.equal).length
  console.log(`${name}: ${broken ? `the harness: ${broken}` : `${equal}/${checks.length}`}${failure ? `: ${last(failure)}` : ''}`)
  for (const { check, needs, node, roost, equal } of checks) {
    if (flags.node) console.log(`    ${check}: ${short(node)}`)
    else if (!equal && (flags.verbose || !failure)) console.log(`    ${check}${needs ? ` (needs ${needs})` : ''}:\n      node:  ${short(node)}\n      roost: ${short(roost)}`)
  }
}

function short(value) {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 600 ? `${text.slice(0, 600)}…` : text
}

function last(text) {
  return text.trim().split('\n').slice(-6).join(' | ')
}

const checks = measured.flatMap((result) => result.checks)
const count = (of) => `${of.length} checks, ${of.filter(({ equal }) => equal).length} equal`
for (const what of APART) console.log(`that need ${what}: ${count(checks.filter(({ needs }) => needs === what))}`)
const rest = checks.filter(({ needs }) => !needs)
const share = rest.filter(({ equal }) => equal).length / Math.max(rest.length, 1)
console.log(`without these: ${count(rest)}, ${(100 * share).toFixed(1)} %`)
console.log(`packages: ${count(checks)}`)
if (flags.page || (!wanted.length && !flags.fast && !flags.node)) {
  const kept = all.map((name) => path.join(WORK, `${name}.json`)).filter(existsSync).map((file) => JSON.parse(readFileSync(file, 'utf8')))
  writeFileSync(path.join(ROOT, 'docs/packages.md'), page(kept, APART, process.version.slice(1)))
}
const isBroken = measured.some(({ broken }) => broken)
if (isBroken || (flags.fast && share < 1)) process.exitCode = 1
