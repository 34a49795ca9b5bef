/** Calls of host functions by name, and what happens to them while an image is being made. */
import { engine } from './engine.js'
import { phase } from './phase.js'
import { started, ended } from './loop/work.js'

const PACKAGE = 'roost:bot/'
/** By the names without the package; made once for all images, and not by each event that calls first. */
const indexes = new Map(engine.functions.map((full, index) => [full.replace(PACKAGE, ''), index]))
const parked = []

/**
 * Calls a host function, for instance `database.query`. Without the host, or
 * with one that lacks the function, it throws.
 */
export function callNow(name, args) {
  const index = indexes.get(name)
  if (index === undefined) throw new Error(`this host has no function ${PACKAGE}${name}`)
  return engine.call(index, args)
}

/**
 * Calls an asynchronous host function; while an image is made without the
 * database, the call waits for the first event.
 *
 * @returns {Promise<any>}
 */
export function call(name, args) {
  return workOf(() => callNow(name, args), what(name, args))
}

/**
 * Calls an asynchronous host function that asks nothing of anybody: at once, also while an image is made.
 *
 * @returns {Promise<any>}
 */
export function compute(name, args) {
  return new Promise((resolve, reject) => run(() => callNow(name, args), resolve, reject, what(name, args)))
}

/** A call in words, for who asks what a bot waits for. */
function what(name, args) {
  if (phase.now !== 'boot') return undefined
  if (!name.startsWith('database.')) return `the host's ${name}`
  const text = args.find((arg) => typeof arg === 'string')
  return `the database (${text ? text.trim().replace(/\s+/g, ' ').slice(0, 80) : name})`
}

/**
 * Runs `start`, now or at the first event, and counts what it promises as work
 * under way.
 *
 * @param {() => unknown} start
 * @param {string} [what] the work in words
 * @returns {Promise<any>}
 */
export function workOf(start, what) {
  return new Promise((resolve, reject) => {
    if (phase.parking) parked.push({ start, resolve, reject })
    else run(start, resolve, reject, what)
  })
}

function run(start, resolve, reject, what) {
  started(what)
  let work
  try {
    work = start()
  } catch (error) {
    ended(what)
    return reject(error)
  }
  Promise.resolve(work).then((value) => {
    ended(what)
    resolve(value)
  }, (error) => {
    ended(what)
    reject(error)
  })
}

export function parkedCount() {
  return parked.length
}

/** Starts what was parked, in its order. */
export function unpark() {
  for (const { start, resolve, reject } of parked.splice(0)) run(start, resolve, reject)
}

/** @param {'trace' | 'debug' | 'info' | 'warn' | 'error'} level */
export function log(level, message) {
  callNow('log.write', [level, message])
}
