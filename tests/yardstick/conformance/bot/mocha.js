'use strict'
// mocha's global functions.

const { hook, suite, test } = require('./tests.js')

const SELF = { timeout() { return SELF }, slow() { return SELF }, retries() { return SELF } }

const describe = (title, define) => suite(title, define, SELF)
const it = (title, body) => test(title, body, { skip: !body })
describe.skip = () => {}
it.skip = (title) => test(title, undefined, { skip: true })
// A file whose author meant to run but some has all of them run: nothing is passed over.
describe.only = describe
it.only = it

Object.assign(globalThis, { describe, context: describe, it, specify: it })
for (const [name, kind] of [['before', 'before'], ['after', 'after'], ['beforeEach', 'beforeEach'], ['afterEach', 'afterEach']]) {
  globalThis[name] = (...given) => hook(kind, given.at(-1))
}
