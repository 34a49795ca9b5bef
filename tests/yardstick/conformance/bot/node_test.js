'use strict'
// `node:test`, as far as tests of Node's own use it: the sandbox has no test runner, on purpose.

const assert = require('assert')
const { hook, suite, test: note } = require('./tests.js')

/** What a test is given. */
class Context {
  name
  assert = assert
  mock = mock
  signal = new AbortController().signal
  #planned
  #counted = 0
  #after = []

  constructor(name) {
    this.name = name
  }

  plan(count) {
    this.#planned = count
    this.assert = new Proxy(assert, { get: (target, key) => (typeof target[key] === 'function' ? (...args) => { this.#counted++; return target[key](...args) } : target[key]) })
  }

  async test(...given) {
    const { name, options, body } = read(given)
    this.#counted++
    if (options.skip || !body) return
    const inner = new Context(name)
    await body(inner)
    await inner.finish()
  }

  skip(message) { throw Object.assign(new Error(message ?? 'skipped'), { isSkip: true }) }
  todo() {}
  diagnostic() {}
  after(body) { this.#after.push(body) }
  before(body) { return body(this) }

  async finish() {
    for (const body of this.#after) await body(this)
    if (this.#planned !== undefined) assert.strictEqual(this.#counted, this.#planned, `planned were ${this.#planned} checks, made ${this.#counted}`)
  }
}

function read(given) {
  const body = given.find((value) => typeof value === 'function')
  const options = given.find((value) => typeof value === 'object' && value !== null) ?? {}
  const name = typeof given[0] === 'string' ? given[0] : body?.name || '<anonymous>'
  return { name, options, body }
}

function test(...given) {
  const { name, options, body } = read(given)
  note(name, body, { skip: Boolean(options.skip), contextOf: () => [new Context(name)] })
  return Promise.resolve()
}

function describe(...given) {
  const { name, options, body } = read(given)
  if (!options.skip) suite(name, body)
  return Promise.resolve()
}

const mock = {
  fn(original = () => undefined, implementation = original) {
    const calls = []
    const mocked = function (...args) {
      const call = { arguments: args, this: this, result: undefined, error: undefined }
      calls.push(call)
      try {
        return call.result = implementation.apply(this, args)
      } catch (error) {
        throw call.error = error
      }
    }
    mocked.mock = { calls, callCount: () => calls.length, resetCalls: () => { calls.length = 0 }, restore() {} }
    return mocked
  },
  method(object, name, implementation = object[name]) {
    const original = object[name]
    object[name] = mock.fn(original, implementation)
    object[name].mock.restore = () => { object[name] = original }
    return object[name]
  },
  reset() {},
  restoreAll() {},
}

for (const face of [test, describe]) {
  face.skip = () => Promise.resolve()
  face.todo = face.skip
  face.only = face
}
const hooks = Object.fromEntries(['before', 'after', 'beforeEach', 'afterEach'].map((kind) => [kind, (body) => hook(kind, body)]))

module.exports = Object.assign(test, { test, it: test, describe, suite: describe, mock, ...hooks })
