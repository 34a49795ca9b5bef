// `cargo xtask conformance SUITE --from DIR [--only NAME]… [--node] [--verbose]`: the tests that others wrote, in the
// sandbox of the `roost` binary and on Node 22, by the same harness. DIR is a checkout that whoever runs it brings.
//
// What does not pass on Node is no measure and is left out, and so is what `conformance/excluded.json` names: files that
// need what a bot does not have by design. Ends with 0 when four fifths of the rest pass; with `--only`, when all do.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Sandbox, each, onNode } from './conformance/sides.js'
import { prepareJose } from './conformance/suites/jose.js'
import { prepareJsonwebtoken } from './conformance/suites/jsonwebtoken.js'
import { NODE_SUITES, prepareNode } from './conformance/suites/node.js'
import { prepareTest262 } from './conformance/suites/test262.js'

const PREPARE = {
  ...Object.fromEntries(NODE_SUITES.map((suite) => [suite, prepareNode])), jose: prepareJose, jsonwebtoken: prepareJsonwebtoken, 'test262-intl': prepareTest262,
}
/** Shorter names. */
const ALSO = { zlib: 'node-zlib', crypto: 'node-crypto', webcrypto: 'node-webcrypto' }

/** How many of the files that pass on Node have to pass. */
const SHARE = 0.8

/** How many files run in the sandbox at once. */
const AT_ONCE = 4

const EXCLUDED = JSON.parse(readFileSync(path.join(import.meta.dirname, 'conformance/excluded.json'), 'utf8'))

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: 'string' }, only: { type: 'string', multiple: true }, node: { type: 'boolean' }, verbose: { type: 'boolean' } },
})
const suite = ALSO[positionals[0]] ?? positionals[0]
if (positionals.length !== 1 || !Object.hasOwn(PREPARE, suite)) {
  refuse(`there is no suite \`${positionals.join(' ')}\`; there are: ${[...Object.keys(PREPARE), ...Object.keys(ALSO)].join(', ')}`)
}
if (!flags.from || !existsSync(flags.from)) refuse(`\`--from\` names the folder with the suite's checkout${flags.from ? `: \`${flags.from}\` is not there` : ''}`)

function refuse(text) {
  console.error(text)
  process.exit(2)
}

let prepared
try {
  prepared = PREPARE[suite](suite, path.resolve(flags.from))
} catch (error) {
  refuse(error.message)
}
const chosen = flags.only ? prepared.names.filter((name) => flags.only.some((part) => name === part || name.includes(part))) : prepared.names
if (chosen.length === 0) refuse(`${suite} has no file whose name has \`${flags.only.join('` or `')}\` in it`)

const count = { passed: 0, failed: 0, excluded: 0 }
const tell = (word, name, why) => {
  count[word]++
  if (word !== 'passed' || flags.verbose || flags.only) console.log(`${word} ${name}${why ? `: ${why}` : ''}`)
}

/** Names by why they are left out: many have one cause. */
const excluded = new Map()
const exclude = (name, why) => {
  count.excluded++
  const cause = why.split('\n')[0]
  excluded.set(cause, [...(excluded.get(cause) ?? []), name])
}

const named = EXCLUDED[suite] ?? {}
for (const name of chosen.filter((name) => Object.hasOwn(named, name))) exclude(name, named[name])
const open = chosen.filter((name) => !Object.hasOwn(named, name))
prepared.folder?.narrow(open)
const node = await (prepared.onNode ?? onNode)(prepared, open)
const measured = []
for (const name of open) {
  const why = unmeasured(node.get(name))
  if (why) exclude(name, `on Node: ${why}`)
  else measured.push(name)
}

for (const [why, names] of excluded) {
  const shown = flags.verbose || names.length <= 8 ? names.join(', ') : `${names.length} files, as ${names.slice(0, 3).join(', ')}`
  console.log(`excluded ${shown}: ${why}`)
}

if (flags.node) {
  console.log(`${suite} on Node: ${measured.length} are a measure, ${count.excluded} excluded`)
} else {
  const sandbox = await Sandbox.start()
  try {
    if (measured.length) await (prepared.deploy ? prepared.deploy(sandbox, suite) : sandbox.deploy(prepared.folder, measured, suite))
    await each(measured, AT_ONCE, async (name) => {
      const result = await (prepared.run ? prepared.run(sandbox, name) : sandbox.run(name))
      const why = differs(node.get(name), result)
      tell(why ? 'failed' : 'passed', name, why)
    })
  } finally {
    await sandbox.stop()
  }
  const share = count.passed / Math.max(count.passed + count.failed, 1)
  console.log(`${(100 * share).toFixed(1)} % of what passes on Node`)
  console.log(`${suite}: ${count.passed} passed, ${count.failed} failed, ${count.excluded} excluded`)
  if (flags.only ? count.failed : share < SHARE) process.exitCode = 1
}

/** Why a file is no measure: it fails on Node, or says that it has nothing to test there. */
function unmeasured({ ok, skipped, why, passed, failed }) {
  if (skipped !== undefined) return skipped || 'it skips itself'
  if (ok || (passed?.length && why === undefined)) return undefined
  return why ?? failed?.map(({ name, why }) => `${name}: ${why}`).join('; ') ?? 'it does not pass'
}

/** Why a file fails that passes on Node; of tests with names those count that pass there. */
function differs(there, here) {
  if (here.skipped !== undefined) return `it skips itself: ${here.skipped}`
  if (here.why !== undefined) return here.why
  if (!there.passed) return here.ok ? undefined : 'it did not pass'
  const passed = new Set(here.passed)
  const missing = there.passed.filter((name) => !passed.has(name))
  if (missing.length === 0) return undefined
  const causes = new Map(here.failed?.map(({ name, why }) => [name, why]))
  const told = missing.slice(0, flags.verbose || flags.only ? Infinity : 3).map((name) => `${name}: ${causes.get(name) ?? 'it did not run'}`)
  return `${missing.length} of ${there.passed.length} tests: ${told.join('; ')}`
}
