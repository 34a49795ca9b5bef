/** `node:assert`. */
import { codedError, requireFunction } from '../errors.js'
import { isDeepEqual, isDeepStrictEqual } from './deep_equal.js'
import { inspect } from './inspect.js'

export class AssertionError extends Error {
  constructor({ message, actual, expected, operator, stackStartFn }) {
    super(message ?? `${inspect(actual)} ${operator} ${inspect(expected)}`)
    this.name = 'AssertionError'
    this.code = 'ERR_ASSERTION'
    this.generatedMessage = message === undefined
    Object.assign(this, { actual, expected, operator })
    if (stackStartFn) Error.captureStackTrace(this, stackStartFn)
  }
}

function fail(condition, details) {
  if (condition) return
  if (details.message instanceof Error) throw details.message
  throw new AssertionError(details)
}

function assert(value, message) {
  const text = message ?? (arguments.length === 0 ? 'No value argument passed to `assert.ok()`'
    : 'The expression evaluated to a falsy value')
  fail(value, { message: text, actual: value, expected: true, operator: '==', stackStartFn: assert })
}

/** A comparison as an assertion; `says` begins the message when none is given. */
const comparison = (operator, says, test) => function compare(actual, expected, message) {
  if (arguments.length < 2) throw codedError(TypeError, 'ERR_MISSING_ARGS', 'The "actual" and "expected" arguments must be specified')
  const made = message ?? `${says}\n\n${inspect(actual)} ${operator} ${inspect(expected)}\n`
  fail(test(actual, expected), { message: made, actual, expected, operator, stackStartFn: compare })
}

const looseEqual = (a, b) => a == b || (a !== a && b !== b)
const deep = 'Expected values to be strictly deep-equal:'

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
  fail(message = 'Failed') { fail(false, { message, operator: 'fail', stackStartFn: assert.fail }) },
  equal: comparison('==', 'Expected values to be loosely equal:', looseEqual),
  notEqual: comparison('!=', 'Expected "actual" to be loosely unequal to:', (a, b) => !looseEqual(a, b)),
  strictEqual: comparison('===', 'Expected values to be strictly equal:', Object.is),
  notStrictEqual: comparison('!==', 'Expected "actual" to be strictly unequal to:', (a, b) => !Object.is(a, b)),
  deepEqual: comparison('deepEqual', 'Expected values to be loosely deep-equal:', isDeepEqual),
  notDeepEqual: comparison('notDeepEqual', 'Expected "actual" not to be loosely deep-equal to:', (a, b) => !isDeepEqual(a, b)),
  deepStrictEqual: comparison('deepStrictEqual', deep, isDeepStrictEqual),
  notDeepStrictEqual: comparison('notDeepStrictEqual', 'Expected "actual" not to be strictly deep-equal to:', (a, b) => !isDeepStrictEqual(a, b)),
  match: comparison('match', 'The input did not match the regular expression:', (text, pattern) => pattern.test(text)),
  doesNotMatch: comparison('doesNotMatch', 'The input was expected to not match the regular expression:', (text, pattern) => !pattern.test(text)),
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
    if (value !== null && value !== undefined) throw value instanceof Error ? value : new AssertionError({ message: `ifError got unwanted exception: ${inspect(value)}`, actual: value, operator: 'ifError' })
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
