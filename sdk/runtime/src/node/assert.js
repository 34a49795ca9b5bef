/** `node:assert`. */
import { codedError, requireFunction } from '../errors.js'
import { isDeepEqual, isDeepStrictEqual } from './deep_equal.js'
import { inspect } from './inspect.js'

export class AssertionError extends Error {
  constructor({ message, made, actual, expected, operator, stackStartFn }) {
    super(message ?? made ?? `${inspect(actual)} ${operator} ${inspect(expected)}`)
    Object.assign(this, { generatedMessage: message === undefined, code: 'ERR_ASSERTION', actual, expected, operator, diff: 'simple' })
    // The first line of a stack is written once, when it is first looked at.
    Object.defineProperty(this, 'name', { value: 'AssertionError [ERR_ASSERTION]', writable: true, configurable: true })
    if (stackStartFn) Error.captureStackTrace(this, stackStartFn)
    this.stack // eslint-disable-line no-unused-expressions
    this.name = 'AssertionError'
  }

  toString() { return `${this.name} [${this.code}]: ${this.message}` }
}

function fail(condition, details) {
  if (condition) return
  if (details.message instanceof Error) throw details.message
  throw new AssertionError(details)
}

function assert(value, message) {
  const made = arguments.length === 0 ? 'No value argument passed to `assert.ok()`' : 'The expression evaluated to a falsy value'
  fail(value, { message, made, actual: value, expected: true, operator: '==', stackStartFn: assert })
}

/** A comparison as an assertion; `says` makes the message when none is given. */
const comparison = (operator, says, test) => function compare(actual, expected, message) {
  if (arguments.length < 2) throw codedError(TypeError, 'ERR_MISSING_ARGS', 'The "actual" and "expected" arguments must be specified')
  if (test(actual, expected)) return
  fail(false, { message, made: says(actual, expected), actual, expected, operator, stackStartFn: compare })
}

const lines = (value) => inspect(value, { compact: false, depth: 1000, maxArrayLength: Infinity, sorted: true })
const isPlain = (value) => value === null || (typeof value !== 'object' && typeof value !== 'function')

/** What differs between two values, line by line: what both begin and end with is as it is. */
function difference(actual, expected) {
  const [a, b] = [lines(actual).split('\n'), lines(expected).split('\n')]
  let first = 0
  while (first < a.length && a[first] === b[first]) first++
  let last = 0
  while (last < a.length - first && last < b.length - first && a.at(-1 - last) === b.at(-1 - last)) last++
  const part = (mark, list) => list.map((line) => `${mark} ${line}\n`).join('')
  return `+ actual - expected\n\n${part(' ', a.slice(0, first))}${part('+', a.slice(first, a.length - last))}${part('-', b.slice(first, b.length - last))}` +
    part(' ', a.slice(a.length - last))
}

const SAYS = {
  equal: (a, b) => `${inspect(a)} == ${inspect(b)}`,
  notEqual: (a, b) => `${inspect(a)} != ${inspect(b)}`,
  strictEqual: (a, b) => (isPlain(a) && isPlain(b) ? `Expected values to be strictly equal:\n\n${inspect(a)} !== ${inspect(b)}\n`
    : lines(a) === lines(b) ? `Values have same structure but are not reference-equal:\n\n${lines(a)}\n`
      : `Expected values to be strictly equal:\n${difference(a, b)}`),
  notStrictEqual: (a) => `Expected "actual" to be strictly unequal to:${isPlain(a) ? ` ${inspect(a)}` : `\n\n${lines(a)}`}`,
  deepEqual: (a, b) => `Expected values to be loosely deep-equal:\n\n${lines(a)}\n\nshould loosely deep-equal\n\n${lines(b)}`,
  notDeepEqual: (a, b) => `Expected "actual" not to be loosely deep-equal to:\n\n${lines(b)}`,
  deepStrictEqual: (a, b) => `Expected values to be strictly deep-equal:\n${difference(a, b)}`,
  notDeepStrictEqual: (a) => `Expected "actual" not to be strictly deep-equal to:${isPlain(a) ? ` ${inspect(a)}` : `\n\n${lines(a)}\n`}`,
  match: (text, pattern) => `The input did not match the regular expression ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`,
  doesNotMatch: (text, pattern) => `The input was expected to not match the regular expression ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`,
}

const looseEqual = (a, b) => a == b || (a !== a && b !== b)

/** Whether an error is what `throws` was told to expect. */
function matches(error, expected, message, from) {
  if (expected === undefined) return
  if (typeof expected === 'function') {
    if (expected.prototype !== undefined && error instanceof expected) return
    if (Error.isPrototypeOf(expected)) throw error
    const result = expected.call({}, error)
    fail(result === true, { message: message ?? `The validation function is expected to return "true". Received ${inspect(result)}`, actual: error, expected, operator: from.name, stackStartFn: from })
    return
  }
  if (expected instanceof RegExp) {
    fail(expected.test(String(error)), { message: message ?? `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(error))}\n`, actual: error, expected, operator: from.name, stackStartFn: from })
    return
  }
  const keys = Object.keys(expected)
  if (expected instanceof Error) keys.push('name', 'message')
  for (const key of keys) {
    const wanted = expected[key]
    const same = wanted instanceof RegExp && typeof error[key] === 'string' ? wanted.test(error[key]) : isDeepStrictEqual(error[key], wanted)
    fail(same, { message: message ?? `Expected ${key} to be ${inspect(wanted)}, got ${inspect(error[key])}`, actual: error, expected, operator: from.name, stackStartFn: from })
  }
}

function throws(fn, expected, message) {
  requireFunction(fn, 'fn')
  if (typeof expected === 'string') [message, expected] = [expected, undefined]
  let error
  try {
    fn()
  } catch (caught) {
    error = { caught }
  }
  fail(error, { message: message ?? 'Missing expected exception.', operator: 'throws', expected, stackStartFn: throws })
  matches(error.caught, expected, message, throws)
}

async function rejects(promise, expected, message) {
  if (typeof expected === 'string') [message, expected] = [expected, undefined]
  let error
  try {
    await (typeof promise === 'function' ? promise() : promise)
  } catch (caught) {
    error = { caught }
  }
  fail(error, { message: message ?? 'Missing expected rejection.', operator: 'rejects', expected, stackStartFn: rejects })
  matches(error.caught, expected, message, rejects)
}

Object.assign(assert, {
  AssertionError, ok: assert, throws, rejects,
  fail(message) { fail(false, { message, made: 'Failed', operator: 'fail', stackStartFn: assert.fail }) },
  equal: comparison('==', SAYS.equal, looseEqual),
  notEqual: comparison('!=', SAYS.notEqual, (a, b) => !looseEqual(a, b)),
  strictEqual: comparison('strictEqual', SAYS.strictEqual, Object.is),
  notStrictEqual: comparison('notStrictEqual', SAYS.notStrictEqual, (a, b) => !Object.is(a, b)),
  deepEqual: comparison('deepEqual', SAYS.deepEqual, isDeepEqual),
  notDeepEqual: comparison('notDeepEqual', SAYS.notDeepEqual, (a, b) => !isDeepEqual(a, b)),
  deepStrictEqual: comparison('deepStrictEqual', SAYS.deepStrictEqual, isDeepStrictEqual),
  notDeepStrictEqual: comparison('notDeepStrictEqual', SAYS.notDeepStrictEqual, (a, b) => !isDeepStrictEqual(a, b)),
  match: comparison('match', SAYS.match, (text, pattern) => pattern.test(text)),
  doesNotMatch: comparison('doesNotMatch', SAYS.doesNotMatch, (text, pattern) => !pattern.test(text)),
  doesNotThrow(fn, message) {
    try {
      fn()
    } catch (error) {
      fail(false, { message: typeof message === 'string' ? message : `Got unwanted exception.\nActual message: "${error?.message}"`, actual: error, operator: 'doesNotThrow' })
    }
  },
  async doesNotReject(promise, message) {
    try {
      await (typeof promise === 'function' ? promise() : promise)
    } catch (error) {
      fail(false, { message: typeof message === 'string' ? message : `Got unwanted rejection.\nActual message: "${error?.message}"`, actual: error, operator: 'doesNotReject' })
    }
  },
  ifError(value) {
    if (value === null || value === undefined) return
    const text = value instanceof Error ? value.message || value.constructor.name : inspect(value)
    throw new AssertionError({ message: `ifError got unwanted exception: ${text}`, actual: value, expected: null, operator: 'ifError', stackStartFn: assert.ifError })
  },
})

function strict(...args) { return assert(...args) }
Object.assign(strict, assert, {
  equal: assert.strictEqual, notEqual: assert.notStrictEqual, deepEqual: assert.deepStrictEqual, notDeepEqual: assert.notDeepStrictEqual,
  ok: assert,
})
assert.strict = strict
strict.strict = strict

export default assert
