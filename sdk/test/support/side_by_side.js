/** The same code on Node and in a bot, whose host is Node's own crypto. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { makeEngine } from './node_engine.js'

const AsyncFunction = (async () => {}).constructor
const TELL = `const told = []
  const c = require('crypto')
  const { subtle } = c.webcrypto
  const hex = (bytes) => Buffer.from(bytes).toString('hex')
  const k = (n, byte = 1) => Buffer.alloc(n, byte)
  const tell = async (f) => {
    try { const value = await f(); told.push(value instanceof Uint8Array || value instanceof ArrayBuffer ? hex(value) : value ?? null) } catch (e) { told.push([e.name, e.code, e.message]) }
  }\n`

/** What a bot tells, of code that calls `tell`. */
export async function inBot(code, top = '', engine = makeEngine()) {
  const boot = await engine.boot(`${top}
  require('http').createServer((req, res) => {
    (async () => { ${TELL}${code}\nreturn told })().then((value) => res.end(JSON.stringify(value)), (error) => res.end(JSON.stringify({ error: error.stack })))
  }).listen(1)`)
  assert.equal(boot.ok, true, boot.error?.stack)
  return JSON.parse((await engine.event()).body)
}

export async function same(code, top = '') {
  const seen = await inBot(code, top)
  const expected = JSON.parse(JSON.stringify(await new AsyncFunction('require', `${top}\n${TELL}${code}\nreturn told`)(createRequire(import.meta.url))))
  assert.equal(seen.length, expected.length, JSON.stringify(seen))
  for (const [i, value] of expected.entries()) assert.deepEqual(seen[i], value)
}

/** As `same`, without what errors say: that is told in our own words. */
export async function sameCodes(code) {
  return same(`${code}\nfor (const one of told) if (Array.isArray(one)) one.length = 2`)
}
