'use strict'
// Runs one file of a suite in a process, or an instance, that ran none before, and says how it ended.
//
// A file that registers tests (mocha's, ava's, QUnit's, node:test's) has them run when it is loaded. Any other has passed
// when nothing was thrown that nobody caught, all promised calls came, and its listeners of `exit` found nothing wrong.

const { inspect } = require('util')
const { runTests } = require('./tests.js')

/** How long nothing has to happen for a file to be over. */
const CALM = 60

/** What `common.skip` throws, to leave the file that called it. */
class Skip extends Error {
  /** Whether all was tested but for what the program `openssl` says of it, which files ask last. */
  get isTheRest() {
    return /openssl cli/i.test(this.message)
  }
}

/** What `process.exit` throws here: the process has to live on to tell of it. */
class Exit extends Error {}

/** The calls that were promised and did not come yet: `common.mustCall` writes them down. */
const promised = new Set()

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms) })

/**
 * @param {() => unknown} load evaluates the file
 * @param {number} patience how long it may wait for what it expects, in milliseconds
 */
async function run(load, patience) {
  let failure
  let code
  const fail = (error) => {
    if (error instanceof Exit || error instanceof Skip) return
    failure ??= error ?? new Error(`${error} was thrown`)
  }
  const own = { uncaughtException: fail, unhandledRejection: fail }
  for (const [event, listener] of Object.entries(own)) {
    // A file that listens itself says what is wrong by itself.
    process.on(event, (error) => { if (process.listenerCount(event) === 1) listener(error) })
  }
  process.exit = (given = process.exitCode) => {
    code = Number(given ?? 0)
    throw new Exit(`process.exit(${code})`)
  }
  let tests
  try {
    await load()
    tests = await runTests()
  } catch (error) {
    if (error instanceof Skip && !error.isTheRest) return { skipped: error.message }
    fail(error)
  }
  await calm(patience, () => failure !== undefined || code !== undefined)
  if (failure === undefined) {
    try {
      process.emit('exit', code ?? process.exitCode ?? 0)
    } catch (error) {
      fail(error)
    }
  }
  process.removeAllListeners('exit')
  if (failure === undefined) {
    for (const { name, actual, least, most } of promised) {
      if (actual < least || actual > most) fail(new Error(`${name} was called ${actual} times, not ${least}`))
    }
  }
  code ??= process.exitCode
  process.exitCode = 0
  if (failure === undefined && code) fail(new Error(`it ended with ${code}`))
  const failed = tests?.failed ?? []
  return { ok: failure === undefined && failed.length === 0, why: failure === undefined ? undefined : told(failure), ...tests }
}

/** Waits until nothing that was promised is missing and nothing happens any more. */
async function calm(patience, isOver) {
  const end = Date.now() + patience
  for (let quiet = 0; quiet < CALM && Date.now() < end && !isOver();) {
    await pause(10)
    const misses = [...promised].some(({ actual, least }) => actual < least)
    quiet = misses ? 0 : quiet + 10
  }
}

function told(error) {
  if (!(error instanceof Error) && typeof error?.stack !== 'string') return `no error was thrown, but ${inspect(error)}`
  const text = `${error.name}: ${error.message}`
  const place = String(error.stack).split('\n').find((line) => /^\s*at .*(test|src)\//.test(line))
  return `${text.slice(0, 1500)}${place ? ` (${place.trim()})` : ''}`
}

module.exports = { run, promised, Skip, told }
