// `cargo xtask intl [--seed N] [--count N] [--rounds N] [--node]`: calls of Intl, made from a seed, in the same bot on Node
// and in the `roost` binary. What differs is listed, and one in a hundred may.
// How long a call took is the least of so many rounds, each in a host that has just started: the same calls are the
// first of their locale or instance in each, and what other processes took of the machine is not theirs.
// `--node` shows what Node gives and starts no host.

import path from 'node:path'
import { parseArgs } from 'node:util'
import { ask } from './ask.js'
import { calls } from './intl_calls.js'
import { startOnNode } from './node.js'
import { World } from './world.js'

const BOT = path.join(import.meta.dirname, 'intl')
const BATCH = 50
/** What has to be equal. */
const LEAST = 0.99
/** How many of the slowest calls are shown. */
const SLOWEST = 10
/** What a call may take, in milliseconds. */
const MOST = 5

const { values: flags } = parseArgs({ options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '5000' }, rounds: { type: 'string', default: '3' }, node: { type: 'boolean' } } })
const made = calls(Number(flags.seed), Number(flags.count))

/** What a bot gives for all calls, and how long each took. */
async function play(base) {
  const played = { results: [], took: [] }
  for (let from = 0; from < made.length; from += BATCH) {
    const body = JSON.stringify(made.slice(from, from + BATCH).map(({ call }) => call))
    const answer = await ask(base, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    if (answer.status !== 200) throw new Error(`${base}: ${JSON.stringify(answer).slice(0, 2000)}`)
    const { results, took } = JSON.parse(answer.body)
    played.results.push(...results)
    played.took.push(...took)
  }
  return played
}

async function onNode() {
  const bot = await startOnNode(BOT, { env: { LANG: 'C' } })
  try {
    if (bot.ended) throw new Error(`on Node ${bot.ended}:\n${bot.said()}`)
    return await play(`http://127.0.0.1:${bot.port}/calls`)
  } finally {
    await bot.stop()
  }
}

async function onRoost() {
  const world = await World.start()
  try {
    await world.must(['projects', 'create', 'intl'])
    await world.must(['deploy', BOT, '-p', 'intl'])
    return await play(`${world.pages('intl')}/calls`)
  } finally {
    await world.stop()
  }
}

const node = await onNode()
if (flags.node) {
  for (const [n, { call }] of made.entries()) console.log(`${JSON.stringify(call)}\n    ${node.results[n]}`)
} else {
  const roost = await onRoost()
  for (let round = 1; round < Number(flags.rounds); round++) {
    const { took } = await onRoost()
    roost.took = roost.took.map((ms, n) => Math.min(ms, took[n]))
  }
  const counts = new Map()
  for (const [n, { kind, call }] of made.entries()) {
    const count = counts.get(kind) ?? { all: 0, equal: 0 }
    counts.set(kind, count)
    count.all++
    if (node.results[n] === roost.results[n]) count.equal++
    else console.log(`${JSON.stringify(call)}\n    node:  ${shown(node.results[n])}\n    roost: ${shown(roost.results[n])}`)
  }
  for (const [kind, { all, equal }] of counts) console.log(`${kind}: ${equal} of ${all} equal`)
  const equal = [...counts.values()].reduce((sum, count) => sum + count.equal, 0)
  const slowest = [...roost.took.keys()].sort((one, other) => roost.took[other] - roost.took[one]).slice(0, SLOWEST)
  for (const n of slowest) console.log(`${roost.took[n].toFixed(1)} ms, call ${n % BATCH + 1} of its instance: ${JSON.stringify(made[n].call)}`)
  console.log(`${roost.took.filter((ms) => ms > MOST).length} calls took more than ${MOST} ms`)
  console.log(`the longest call took ${Math.max(...node.took).toFixed(1)} ms on Node, ${Math.max(...roost.took).toFixed(1)} ms in Roost`)
  console.log(`intl: ${equal} of ${made.length} equal`)
  process.exitCode = equal < LEAST * made.length ? 1 : 0
}

/** A text in which spaces that look alike can be told apart. */
function shown(text) {
  return `${text}`.replace(/[\u00a0\u2000-\u200f\u202a-\u202f\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
