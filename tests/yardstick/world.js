// The `roost` binary as people have it: one `roost dev`, whose Postgres, emulated WhatsApp and admin API
// serve all bots of a run. Other bots come in by `roost deploy`, as on any host.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

export const ROOT = path.resolve(import.meta.dirname, '../..')
const ROOST = process.env.ROOST_BIN ?? path.join(ROOT, 'target/release/roost')

/** Starts `roost dev FOLDER`, and waits until its bot serves or it ended. */
export async function dev(folder, { data, flags = [], env = {} } = {}) {
  const args = ['dev', folder, '--port', '0', '--admin-port', '0', '--data', data, ...flags]
  const child = spawn(ROOST, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  const said = []
  const found = {}
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line)
      const page = line.match(/the bot's own pages: (http:\/\/[\d.:]+)\/p\/([^/]+)\//)
      if (page) Object.assign(found, { web: page[1], project: page[2] })
      const emulator = line.match(/the emulated Meta is at (\S+); other customers are played at (\S+)/)
      if (emulator) Object.assign(found, { graph: emulator[1], control: emulator[2] })
      const admin = line.match(/ROOST_URL=(\S+) ROOST_TOKEN=(\S+)/)
      if (admin) Object.assign(found, { url: admin[1], token: admin[2] })
      if (found.web && found.url && found.control) resolve(true)
    })
    ended.then(() => resolve(false))
  })
  const chat = []
  createInterface({ input: child.stdout }).on('line', (line) => chat.push(line))
  const isUp = await ready
  return {
    ...found, isUp, chat, said: () => said.join('\n'),
    async stop() {
      child.stdin.end()
      const patience = setTimeout(() => child.kill('SIGTERM'), 20_000)
      const [code] = await ended
      clearTimeout(patience)
      return code
    },
  }
}

/** Where a project's pages are: a name of its own, as behind a domain, which every system leads to itself. */
export const pagesOf = ({ web }, project) => web.replace('127.0.0.1', `${project}.localhost`)

/** A host with an emulated WhatsApp, and what people do with it. */
export class World {
  static async start({ flags = [] } = {}) {
    const data = await mkdtemp(path.join(tmpdir(), 'roost-yardstick-'))
    const host = await dev(path.join(ROOT, 'guests/echo'), { data, flags })
    if (!host.isUp) throw new Error(`\`roost dev\` did not start:\n${host.said()}`)
    const keys = JSON.parse(await readFile(path.join(data, 'keys.json'), 'utf8'))
    const world = Object.assign(new World(), { data, host, keys, used: 0 })
    // A webhook that a bot on Node refused steps aside when it is delivered again, as on Roost.
    await world.emulator('settings', { webhook_order: 'first_attempts' }, 'PATCH')
    return world
  }

  async stop() {
    await this.host.stop()
    await rm(this.data, { recursive: true, force: true })
  }

  /** Where a project's pages are. */
  pages(project) {
    return pagesOf(this.host, project)
  }

  /** Runs a word of `roost`, and returns its exit code and what it said. */
  async roost(args, { input = '', cwd } = {}) {
    const { url, token } = this.host
    const env = { ...process.env, ROOST_URL: url, ROOST_TOKEN: token, ROOST_META_TOKEN: this.keys.access_token }
    const child = spawn(ROOST, args, { env, cwd })
    const said = []
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => said.push(text))
    child.stdin.on('error', () => {}).end(input)
    const [code] = await once(child, 'close')
    return { code, said: said.join('') }
  }

  /** As `roost`; a failure is the harness's. */
  async must(args, options) {
    const done = await this.roost(args, options)
    if (done.code !== 0) throw new Error(`\`roost ${args.join(' ')}\` ended with ${done.code}:\n${done.said}`)
    return done.said
  }

  /** Asks the admin API. */
  async api(where) {
    const response = await fetch(`${this.host.url}/v1/${where}`, { headers: { authorization: `Bearer ${this.host.token}` } })
    if (!response.ok) throw new Error(`${where}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  /** Leads the emulator. */
  async emulator(where, body, method = body ? 'POST' : 'GET') {
    const response = await fetch(`${this.host.control}/${where}`, {
      method,
      headers: { authorization: `Bearer ${this.keys.control_token}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`emulator: ${where}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  /** A number at the emulated Meta with a customer of its own; with `callback`, of an app that calls there. */
  async number(callback) {
    const n = String(++this.used).padStart(6, '0')
    const number = { id: `20000000${n}0`, waba: `30000000${n}0`, customer: `1555100${n.slice(2)}`, token: this.keys.access_token }
    number.app = '100000000000001'
    if (callback) {
      Object.assign(number, { app: `40000000${n}0`, token: `EAAyardstick${n}` })
      await this.callBack(number, callback)
    }
    await this.emulator('wabas', { id: number.waba, app_ids: [number.app] })
    await this.emulator('numbers', { id: number.id, waba_id: number.waba, display_phone_number: `1555200${n.slice(2)}` })
    if (callback) await this.emulator('tokens', { token: number.token, app_id: number.app })
    await this.emulator('customers', { phone: number.customer, name: 'Ana' })
    return number
  }

  /** Has the app of a number call somewhere else. */
  callBack(number, callback) {
    return this.emulator('apps', { id: number.app, secret: this.keys.app_secret, callback_url: callback })
  }

  /** The first deliveries of messages to a number. */
  async attempts(number) {
    const { items } = await this.emulator(`deliveries?number_id=${number.id}&limit=200`)
    return items.filter(({ body, attempt }) => attempt === 1 && body.includes('"messages":['))
  }

  /** What the customer of a number does. */
  act(number, act) {
    return this.emulator(`customers/${number.customer}/acts`, { number_id: number.id, ...act })
  }

  /** What a number has sent to its customer, in order. */
  async sent(number) {
    const { items } = await this.emulator(`sent?number_id=${number.id}&limit=200`)
    return items.map(reply)
  }

  /** Waits until a number has sent so many messages, or the time is over. */
  async waitForSent(number, count, patience = 20_000) {
    const end = Date.now() + patience
    for (let after = 0, seen = 0; ;) {
      const left = end - Date.now()
      if (seen >= count || left <= 0) return this.sent(number)
      const page = await this.emulator(`sent?number_id=${number.id}&after=${after}&wait_ms=${Math.min(left, 5000)}`)
      seen += page.items.length
      after = page.next
    }
  }
}

/** What was sent, without what each run names anew. */
function reply({ kind, type, body, reply_to }) {
  return { kind, type, body, ...(reply_to ? { reply_to: 'a message of the customer' } : {}) }
}

/** Asks again until the answer is there, or the time is over. */
export async function until(look, patience, pause = 50) {
  const end = Date.now() + patience
  for (;;) {
    const found = await look()
    if (found || Date.now() > end) return found
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}
