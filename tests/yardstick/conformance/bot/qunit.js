'use strict'
// `QUnit`: modules, tests and the assertions that jose's tests of every runtime make.

const assert = require('assert')
const { hook, suite, test: note } = require('./tests.js')

const compares = ['equal', 'strictEqual', 'notEqual', 'notStrictEqual', 'deepEqual', 'notDeepEqual']

function matches(error, expected) {
  if (expected === undefined || typeof expected === 'string') return
  if (expected instanceof RegExp) assert.ok(expected.test(String(error)), `${error} against ${expected}`)
  else if (typeof expected === 'function') assert.ok(error instanceof expected || expected(error) === true, `${error}`)
  else assert.strictEqual(`${error?.name}: ${error?.message}`, `${expected.name}: ${expected.message}`)
}

const face = () => ({
  ...Object.fromEntries(compares.map((name) => [name, (value, expected, message) => (assert[name === 'deepEqual' ? 'deepStrictEqual' : name](value, expected, message))])),
  ok: (value, message) => assert.ok(value, message),
  notOk: (value, message) => assert.ok(!value, message),
  true: (value, message) => assert.strictEqual(value, true, message),
  false: (value, message) => assert.strictEqual(value, false, message),
  propContains(value, part, message) {
    for (const [key, of] of Object.entries(part)) assert.deepStrictEqual(value?.[key], of, message)
  },
  async rejects(promise, expected) {
    const NONE = Symbol('none')
    const error = await Promise.resolve(promise).then(() => NONE, (thrown) => thrown)
    assert.notStrictEqual(error, NONE, 'it was not rejected')
    matches(error, expected)
  },
  throws(body, expected) {
    let error
    try {
      body()
    } catch (thrown) {
      error = thrown
    }
    assert.ok(error !== undefined, 'nothing was thrown')
    matches(error, expected)
  },
  expect() {},
  timeout() {},
  step() {},
})

let title = ''
const module_ = (name, ...given) => {
  title = name
  const define = given.at(-1)
  if (typeof define === 'function') suite(name, () => define(Object.fromEntries(['before', 'after', 'beforeEach', 'afterEach'].map((kind) => [kind, (body) => hook(kind, body)]))))
}
const test = (name, body) => note(title ? `${title} › ${name}` : name, body, { contextOf: () => [face()] })
test.skip = (name) => note(name, undefined, { skip: true })
test.todo = test.skip

module.exports = { module: module_, test, skip: test.skip, todo: test.skip, config: {}, start() {}, done() {} }
