// `cargo xtask speed [--node]`: what cryptography and compression cost in a bot on Node and on a host of the `roost`
// binary, in one run and on one machine, each measured in the bot itself (guests/speed). Writes docs/speed.md.

import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ask } from './ask.js'
import { startOnNode } from './node.js'
import { ROOT, World, until } from './world.js'

const BOT = path.join(ROOT, 'guests/speed')
const SEND = '`res.send` of 5 MB'

/** How often 5 MB are sent. */
const SENDS = 7

/** How many times as long as on Node anything may take, and what has a bound of its own, in milliseconds. */
const MOST_TIMES = 3
const BOUNDS = { 'HMAC-SHA-256 of 1 KB': 0.02, [SEND]: 100 }

const { values: flags } = parseArgs({ options: { node: { type: 'boolean' } } })

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

/** Medians of a running bot by their names; a text says why there is none. `log` gives what it logged. */
async function measured(base, log) {
  const listed = await ask(`${base}/t`)
  if (listed.status !== 200) throw new Error(`its list of tasks: ${JSON.stringify(listed).slice(0, 500)}`)
  const results = new Map()
  for (const name of JSON.parse(listed.body)) {
    const { status, body, error } = await ask(`${base}/t?c=${encodeURIComponent(name)}`)
    const { samples, failed } = status === 200 ? JSON.parse(body) : { failed: error ?? `answered ${status}: ${body.slice(0, 300)}` }
    results.set(name, samples ? median(samples) : failed)
  }
  for (let n = 0; n < SENDS; n++) await ask(`${base}/send`)
  const taken = await until(async () => {
    const found = [...(await log()).matchAll(/5 MB took ([\d.]+) ms/g)].map(([, ms]) => Number(ms))
    return found.length >= SENDS && found
  }, 10_000, 200)
  return results.set(SEND, taken ? median(taken) : 'the log does not say how long it took')
}

async function onNode() {
  // There `bcrypt` is the package with machine code; on a host it is the runtime's own.
  const bot = await startOnNode(BOT, { env: { NODE_PATH: path.join(import.meta.dirname, 'node_modules') } })
  try {
    if (bot.ended) throw new Error(`on Node ${bot.ended}:\n${bot.said()}`)
    return await measured(`http://127.0.0.1:${bot.port}`, () => bot.said())
  } finally {
    await bot.stop()
  }
}

async function onRoost() {
  const world = await World.start()
  try {
    const component = path.join(ROOT, 'target/yardstick/speed.wasm')
    mkdirSync(path.dirname(component), { recursive: true })
    await world.must(['build', BOT, '-o', component])
    await world.must(['projects', 'create', 'speed'])
    await world.must(['deploy', component, '-p', 'speed'])
    return await measured(world.pages('speed'), async () => (await world.roost(['logs', '-p', 'speed'])).said)
  } finally {
    await world.stop()
  }
}

const node = await onNode()
const roost = flags.node ? new Map() : await onRoost()

const rows = [...node].map(([name, there]) => {
  const here = roost.get(name)
  if (typeof there === 'string') throw new Error(`${name} on Node: ${there}`)
  if (typeof here !== 'number') return { name, there, missing: here ?? 'not measured' }
  const bound = BOUNDS[name]
  const isWithin = bound === undefined ? here <= MOST_TIMES * there : here <= bound
  return { name, there, here, isWithin, bound }
})

const time = (ms) => (ms < 1 ? `${(ms * 1000).toPrecision(3)} µs` : `${ms.toPrecision(3)} ms`)
const target = ({ bound }) => (bound === undefined ? `at most ${MOST_TIMES} times` : `at most ${time(bound)}`)

for (const row of rows) {
  const { name, there, here, missing, isWithin } = row
  if (flags.node) console.log(`${name}: ${time(there)} on Node`)
  else if (missing) console.log(`${name}: ${time(there)} on Node; MISSING: ${missing}`)
  else console.log(`${name}: ${time(here)}, ${time(there)} on Node, ${(here / there).toFixed(2)} times${isWithin ? '' : `: NOT ${target(row)}`}`)
}

if (!flags.node) {
  writeFileSync(path.join(ROOT, 'docs/speed.md'), page())
  const count = (of) => rows.filter(of).length
  console.log(`speed: ${count(({ isWithin }) => isWithin)} within their bounds, ${count(({ isWithin }) => isWithin === false)} not, ${count(({ missing }) => missing)} missing`)
  if (rows.some(({ isWithin }) => !isWithin)) process.exitCode = 1
}

function page() {
  const lines = rows.map((row) => {
    const { name, there, here, missing, isWithin } = row
    if (missing) return `| ${name} | – | ${time(there)} | – | ${missing.replaceAll('|', '\\|').slice(0, 120)} |`
    return `| ${name} | ${time(here)} | ${time(there)} | ${(here / there).toFixed(2)} | ${target(row)}${isWithin ? '' : ': **missed**'} |`
  })
  return `# What cryptography and compression cost

Written by \`cargo xtask speed\`: the same bot ([guests/speed](../guests/speed/app.js)) on Node ${process.version.slice(1)} and on a host, in one run on one machine (${cpus().length} × ${cpus()[0].model.trim()}).
Medians, measured in the bot. What takes an event's processor time, and how much it has, is in [cryptography](cryptography.md#what-it-costs).

| what | Roost | Node | times | target |
|---|---|---|---|---|
${lines.join('\n')}

\`bcrypt\` is the package with machine code on Node, and the runtime's own on a host. \`res.send\` is measured until all of the answer was handed on.
`
}
