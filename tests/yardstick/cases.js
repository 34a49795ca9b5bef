// `cargo xtask cases [NAME…]`: each folder of guests/cases on Node and in the `roost` binary, compared by what a
// user sees of it: its HTTP answers, its messages to customers, what became of a webhook, what a build says.
//
// What is sent to a bot, and what is compared, is in its `case.json`; guests/cases/README.md describes it.

import { createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { ask } from './ask.js'
import { prepare } from './folders.js'
import { startOnNode } from './node.js'
import { startPeer } from './peer.js'
import { startPostgres } from './postgres.js'
import { ROOT, World, dev, pagesOf, until } from './world.js'

const CASES = path.join(ROOT, 'guests/cases')

/** One bot on one side: where its pages are, whose number it has, how a webhook of it ends. */
class OnNode {
  static side = 'node'

  static async start(setup, { folder, settings }) {
    const { world, peer, postgres } = setup
    const number = await world.number('http://127.0.0.1:9/not-yet')
    const { keys } = world
    const env = {
      ...postgres.env, ...peer.env, PHONE_NUMBER_ID: number.id, WABA_ID: number.waba, WHATSAPP_TOKEN: number.token,
      VERIFY_TOKEN: keys.verify_token, APP_SECRET: keys.app_secret, ...secretsOf(settings, keys, number), ...settings.node,
    }
    const bot = await startOnNode(folder, { env, world: peer.world() })
    const self = Object.assign(new OnNode(), { ...setup, bot, number, path: settings.path ?? '/webhook' })
    if (bot.ended) return self
    self.base = `http://127.0.0.1:${bot.port}`
    await world.callBack(number, `${self.base}${self.path}`)
    return self
  }

  get failure() {
    return this.bot.ended
  }

  said() {
    return this.bot.said()
  }

  /** Waits until the webhook of the customer's last act was answered, and the messages that it makes are out. */
  async settled(count) {
    const sent = await this.world.waitForSent(this.number, count)
    const attempts = await until(async () => {
      const made = await this.world.attempts(this.number)
      return made.length >= this.acts && made
    }, 30_000)
    return { decided: Boolean(attempts) && attempts.every(({ status }) => isDecided(status)), sent }
  }

  async webhook(body, signature) {
    const answer = await ask(`${this.base}${this.path}`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature }, body })
    return isDecided(answer.status)
  }

  stop() {
    return this.bot.stop()
  }
}

class OnRoost {
  static side = 'roost'

  static async start(setup, { name, folder, settings }) {
    const { world } = setup
    const number = await world.number()
    const self = Object.assign(new OnRoost(), { ...setup, number, project: `case-${name}`, told: [] })
    await world.must(['projects', 'create', self.project])
    await world.must(['number', 'connect', '-p', self.project, '--phone-number-id', number.id, '--waba-id', number.waba])
    for (const [key, value] of Object.entries(secretsOf(settings, world.keys, number))) {
      await world.must(['secrets', 'set', key, '-p', self.project], { input: value })
    }
    const { code, said } = await world.roost(['deploy', folder, '-p', self.project])
    self.told.push(said)
    if (code !== 0) self.failure = `it was not deployed`
    self.base = world.pages(self.project)
    return self
  }

  said() {
    return this.told.join('\n')
  }

  async settled() {
    const events = await until(async () => {
      const { items } = await this.world.api(`projects/${this.project}/events?kind=message`)
      return items.length >= this.acts && items.every(hasRun) && items
    }, 45_000, 100)
    const shown = await this.world.api(`projects/${this.project}/events?kind=message`)
    this.told.push(...shown.items.map(({ why }) => why))
    return { decided: Boolean(events) && events.every(({ state }) => state === 'done'), sent: await this.world.sent(this.number) }
  }

  async webhook(body, signature) {
    const answer = await ask(`${this.world.host.web}/webhooks/whatsapp`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature }, body })
    if (answer.status >= 300) return false
    const events = await until(async () => {
      const { items } = await this.world.api(`projects/${this.project}/events`)
      const stored = items.filter(({ kind }) => kind !== 'status')
      return stored.length > 0 && stored.every(hasRun) && stored
    }, 45_000, 100)
    return Boolean(events) && events.every(({ state }) => state === 'done')
  }

  async stop() {
    const { said } = await this.world.roost(['logs', '-p', this.project])
    this.told.push(said)
  }
}

/** `roost dev` of the folder itself, for what only its author's machine has. */
class InDev {
  static side = 'roost'

  static async start(setup, { folder }) {
    const data = await mkdtemp(path.join(tmpdir(), 'roost-yardstick-dev-'))
    const bot = await dev(folder, { data })
    const failure = bot.isUp ? undefined : 'it was not started'
    return Object.assign(new InDev(), { bot, failure, base: bot.isUp && pagesOf(bot, bot.project) })
  }

  said() {
    return this.bot.said()
  }

  async stop() {
    await this.bot.stop()
  }
}

/** A case's secrets; `$…` stands for what the author of a bot has from Meta. */
function secretsOf(settings, keys, number) {
  const known = { ...keys, token: number.token, number: number.id }
  const given = Object.entries(settings.secrets ?? {})
  return Object.fromEntries(given.map(([name, value]) => [name, value.replace(/^\$(\w+)$/, (_, key) => known[key])]))
}

/** Whether a webhook that was answered so is over: what a bot does not want is not brought again. */
const isDecided = (status) => status < 300 || (status >= 400 && status < 500 && ![401, 403, 408, 425, 429].includes(status))

/** Whether an event has been run: it ended, or is to be run again. */
const hasRun = ({ state, attempts }) => state === 'done' || state === 'dead' || (state === 'pending' && attempts > 0)

/** Does one step, and returns what a user sees of it; each side has a customer and a number of its own, which count as the same. */
async function take(on, step, folder) {
  const seen = JSON.stringify(await done(on, step, folder))
  const { customer, id, waba } = on.number ?? {}
  const own = [[customer, 'CUSTOMER'], [id, 'PHONE_NUMBER_ID'], [waba, 'WABA_ID']].filter(([text]) => text)
  return JSON.parse(own.reduce((text, [from, to]) => text.replaceAll(from, to), seen))
}

async function done(on, step, folder) {
  if (step.get || step.post) {
    const options = { method: step.post ? 'POST' : 'GET', headers: { ...step.headers }, take: step.take }
    if (step.json) Object.assign(options, { body: JSON.stringify(step.json), headers: { 'content-type': 'application/json', ...step.headers } })
    return ask(on.base + (step.get ?? step.post), options)
  }
  if (step.webhook) {
    const text = await readFile(path.join(folder, step.webhook), 'utf8')
    const body = text.replaceAll('PHONE_NUMBER_ID', on.number.id).replaceAll('WABA_ID', on.number.waba).replaceAll('CUSTOMER', on.number.customer)
    const signature = `sha256=${createHmac('sha256', on.world.keys.app_secret).update(body).digest('hex')}`
    const decided = await on.webhook(body, signature)
    return { decided, sent: await on.world.waitForSent(on.number, step.replies ?? 0, on instanceof OnNode ? 20_000 : 0) }
  }
  const texts = step.texts ?? [step.text]
  on.acts = (on.acts ?? 0) + texts.length
  for (const body of texts) await on.world.act(on.number, { type: 'text', body })
  on.replies = (on.replies ?? 0) + (step.replies ?? texts.length)
  return on.settled(on.replies)
}

/** What a bot does on one side: a list of what its steps gave. */
async function play(Side, setup, bot) {
  const on = await Side.start(setup, bot)
  const seen = []
  try {
    if (!on.failure) for (const step of bot.settings.steps) seen.push(await take(on, step, bot.folder))
  } finally {
    await on.stop()
  }
  return { failure: on.failure, seen, said: on.said() }
}

/** How a case ended: `same`, `later` or `not`, and why. */
async function judge(setup, name) {
  const folder = path.join(CASES, name)
  const settings = JSON.parse(await readFile(path.join(folder, 'case.json'), 'utf8'))
  const bot = { name, settings, folder: await prepare(folder, settings) }
  if (settings.deploy) bot.folder = path.join(bot.folder, settings.deploy)
  const roost = await play(settings.door === 'dev' ? InDev : OnRoost, setup, bot)
  const unsaid = (settings.says ?? []).filter((words) => !new RegExp(words, 'i').test(roost.said))
  const complaint = unsaid.length ? `nobody is told ${unsaid.map((words) => `/${words}/`).join(', ')}; said was:\n${indent(roost.said)}` : undefined
  if (settings.refused) {
    if (!roost.failure) return { is: 'not', why: 'it is to be refused, and was deployed' }
    return complaint ? { is: 'not', why: complaint } : { is: 'same', note: `refused: ${settings.refused}` }
  }
  const node = await play(OnNode, setup, bot)
  if (node.failure) throw new Error(`${name} on Node: ${node.failure}\n${node.said}`)
  for (const [n, step] of settings.steps.entries()) {
    if (step.node && !JSON.stringify(node.seen[n]).replaceAll(/\\+"/g, '"').includes(step.node)) {
      throw new Error(`${name} on Node, step ${n + 1}: not ${step.node}, but ${JSON.stringify(node.seen[n])}`)
    }
  }
  const difference = roost.failure ?? differs(settings.steps, node.seen, roost.seen)
  if (difference && settings.later && !complaint) return { is: 'later', why: settings.later }
  const said = difference && !complaint && `said was:\n${indent(roost.said)}`
  if (difference || complaint) return { is: 'not', why: [difference, complaint, said].filter(Boolean).join('\n') }
  return { is: 'same', note: settings.later && 'as on Node now: take its `later` away' }
}

function differs(steps, node, roost) {
  for (const [n, step] of steps.entries()) {
    const [of, on] = [node[n], roost[n]].map((seen) => ordered(seen, step.together))
    if (isDeepStrictEqual(of, on)) continue
    const [left, right] = [of, on].map((seen) => JSON.stringify(seen))
    return `step ${n + 1} (${JSON.stringify(step)}):\n    node:  ${short(left)}\n    roost: ${short(right)}`
  }
}

/** Messages that are under way at once arrive in any order: so many at a time are sorted. */
function ordered(seen, together) {
  if (!together || !seen.sent) return seen
  const sent = []
  for (let at = 0; at < seen.sent.length; at += together) {
    sent.push(...seen.sent.slice(at, at + together).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)))
  }
  return { ...seen, sent }
}

const short = (text = '', most = 1500) => (text.length > most ? `${text.slice(0, most)}…` : text)
const indent = (text) => text.trimEnd().split('\n').slice(-30).map((line) => `    ${line}`).join('\n')

const wanted = process.argv.slice(2)
const all = (await readdir(CASES, { withFileTypes: true })).filter((entry) => entry.isDirectory() && existsSync(path.join(CASES, entry.name, 'case.json'))).map(({ name }) => name).sort()
for (const name of wanted) if (!all.includes(name)) throw new Error(`there is no case \`${name}\`; there are: ${all.join(', ')}`)

const peer = await startPeer()
const world = await World.start({ flags: peer.flags })
peer.meta = world.host.graph
const postgres = await startPostgres()
const count = { same: 0, later: 0, not: 0 }
try {
  for (const name of wanted.length ? wanted : all) {
    const ended = await judge({ world, peer, postgres }, name).catch((error) => ({ is: 'not', why: `the harness: ${error.stack}` }))
    count[ended.is]++
    const word = { same: 'as on Node', later: 'later', not: 'NOT' }[ended.is]
    console.log(`${name}: ${word}${ended.note ? ` (${ended.note})` : ''}${ended.why ? `: ${ended.why}` : ''}`)
  }
} finally {
  await postgres.stop()
  await world.stop()
  await peer.stop()
}
console.log(`cases: ${count.same} as on Node, ${count.later} later, ${count.not} not`)
process.exitCode = count.not ? 1 : 0
