'use strict'
// `ava`: one test after the other, each with a copy of the context that the hooks made.

const { isDeepStrictEqual, inspect } = require('util')
const { hook, test: note } = require('./tests.js')

const shared = { context: {} }

function check(holds, message, detail) {
  if (!holds) throw new Error(`${message ?? 'an assertion failed'}${detail ? `: ${detail}` : ''}`)
}

const shown = (...values) => values.map((value) => inspect(value).slice(0, 300)).join(' against ')

/** Whether an error is as a test expects it. */
function expect(error, expected = {}, message) {
  check(expected.any || error instanceof Error, message, `not an error: ${inspect(error)}`)
  if (typeof expected === 'function') return expect(error, { instanceOf: expected }, message)
  const { instanceOf, is, message: text, code, name } = expected
  if (instanceOf) check(error instanceof instanceOf, message, `${error.name}: ${error.message} is no ${instanceOf.name}`)
  if (is) check(error === is, message, 'another error')
  if (typeof text === 'string') check(error.message === text, message, shown(error.message, text))
  if (text instanceof RegExp) check(text.test(error.message), message, shown(error.message, text))
  if (typeof text === 'function') check(text(error.message), message, shown(error.message))
  if (code !== undefined) check(error.code === code, message, shown(error.code, code))
  if (name !== undefined) check(error.name === name, message, shown(error.name, name))
}

const like = (value, part) => Object.entries(part).every(([key, of]) => (of && typeof of === 'object' && !Array.isArray(of) ? like(value[key], of) : isDeepStrictEqual(value[key], of)))

/** What a test is given; hooks share one context, a test has a copy. */
function face(title, context) {
  const teardowns = []
  const t = {
    title, context, pass() {}, timeout() {}, log() {}, plan() {},
    fail: (message) => check(false, message ?? 'it failed'),
    assert: (value, message) => check(value, message, shown(value)),
    truthy: (value, message) => check(value, message, shown(value)),
    falsy: (value, message) => check(!value, message, shown(value)),
    true: (value, message) => check(value === true, message, shown(value)),
    false: (value, message) => check(value === false, message, shown(value)),
    is: (value, expected, message) => check(Object.is(value, expected), message, shown(value, expected)),
    not: (value, expected, message) => check(!Object.is(value, expected), message, shown(value)),
    deepEqual: (value, expected, message) => check(isDeepStrictEqual(value, expected), message, shown(value, expected)),
    notDeepEqual: (value, expected, message) => check(!isDeepStrictEqual(value, expected), message, shown(value)),
    like: (value, part, message) => check(like(value, part), message, shown(value, part)),
    regex: (value, pattern, message) => check(pattern.test(value), message, shown(value, pattern)),
    notRegex: (value, pattern, message) => check(!pattern.test(value), message, shown(value, pattern)),
    throws(body, expected, message) {
      let error
      try {
        body()
      } catch (thrown) {
        error = thrown
      }
      check(error !== undefined, message, 'nothing was thrown')
      expect(error, expected, message)
      return error
    },
    async throwsAsync(given, expected, message) {
      const NONE = Symbol('none')
      const error = await Promise.resolve(typeof given === 'function' ? given() : given).then(() => NONE, (thrown) => thrown)
      check(error !== NONE, message, 'nothing was thrown')
      expect(error, expected, message)
      return error
    },
    notThrows: (body) => body(),
    notThrowsAsync: (given) => (typeof given === 'function' ? given() : given),
    teardown: (body) => teardowns.push(body),
    async finish() {
      for (const body of teardowns.reverse()) await body()
    },
  }
  return t
}

function test(title, body, ...args) {
  const more = typeof title === 'function' ? [body, ...args] : args
  const run = typeof title === 'function' ? title : body
  const name = typeof title === 'string' ? title : run.title?.(undefined, ...more) ?? run.name
  const skip = !run
  note(typeof title === 'string' && run?.title ? run.title(title, ...more) : name, run && ((t) => (run.exec ?? run)(t, ...more)), { skip, contextOf: () => [face(name, { ...shared.context })] })
}

const hooks = Object.fromEntries([['before', 'before'], ['after', 'after'], ['beforeEach', 'beforeEach'], ['afterEach', 'afterEach']].map(([name, kind]) => {
  const add = (...given) => hook(kind, (t) => given.at(-1)(t), () => [Object.defineProperty(face(name), 'context', { get: () => shared.context, set: (value) => { shared.context = value } })])
  return [name, Object.assign(add, { always: add, serial: add })]
}))
const skip = (title) => note(title, undefined, { skip: true })
Object.assign(test, hooks, { skip, todo: skip, failing: skip, only: test, serial: test, macro: (body) => body })
test.serial.skip = skip

module.exports = Object.assign(test, { default: test })
