/** The package `bcryptjs`, with the host's bcrypt in the place of its own. */
import { Buffer } from '../node/buffer.js'
import { toCallback } from '../node/crypto/derivation.js'
import * as text from './bcrypt_text.js'

const ROUNDS = 10
const LENGTH = 60
const SALT_LENGTH = 29

const illegal = (...values) => Error(`Illegal arguments: ${values.map((value) => typeof value).join(', ')}`)

function parse(salt) {
  const parsed = text.parse(salt)
  if (parsed) return parsed
  if (!salt.startsWith('$2')) throw Error(`Invalid salt version: ${salt.slice(0, 2)}`)
  if (!/^\$2[aby]\$/.test(salt)) throw Error(`Invalid salt revision: ${salt.slice(2, 4)}`)
  if (salt.charAt(6) > '$') throw Error('Missing salt rounds')
  const rounds = Number(salt.slice(4, 6))
  if (!(rounds >= 4 && rounds <= 31)) throw Error(`Illegal number of rounds (4-31): ${rounds}`)
  throw Error(`Illegal salt length: ${text.decode(salt.slice(7, 29), 16).length} != 16`)
}

/** A promise, or what the callback is called with. */
function answer(work, callback, progress) {
  if (callback && typeof callback !== 'function') throw Error(`Illegal callback: ${typeof callback}`)
  const promise = new Promise((resolve) => resolve(work()))
  if (progress) promise.then(() => progress(1), () => {})
  if (!callback) return promise
  toCallback(promise, callback)
}

function genSaltSync(rounds, unused) {
  rounds = rounds || ROUNDS
  if (typeof rounds !== 'number') throw illegal(rounds, unused)
  return text.makeSalt(rounds, 'b')
}

function genSalt(rounds, unused, callback) {
  if (typeof unused === 'function') callback = unused
  if (typeof rounds === 'function') [rounds, callback] = [undefined, rounds]
  if (rounds !== undefined && typeof rounds !== 'number') throw Error(`illegal arguments: ${typeof rounds}`)
  return answer(() => genSaltSync(rounds), callback)
}

function hashSync(password, salt = ROUNDS) {
  if (typeof salt === 'number') salt = genSaltSync(salt)
  if (typeof password !== 'string' || typeof salt !== 'string') throw illegal(password, salt)
  return text.hashNow(password, parse(salt))
}

async function hashed(password, salt) {
  if (typeof password !== 'string' || !['string', 'number'].includes(typeof salt)) throw illegal(password, salt)
  return text.hash(password, parse(typeof salt === 'number' ? genSaltSync(salt) : salt))
}

const hash = (password, salt, callback, progress) => answer(() => hashed(password, salt), callback, progress)

function compareSync(password, value) {
  if (typeof password !== 'string' || typeof value !== 'string') throw illegal(password, value)
  return value.length === LENGTH && text.isSame(hashSync(password, value.slice(0, SALT_LENGTH)), value)
}

async function compared(password, value) {
  if (typeof password !== 'string' || typeof value !== 'string') throw illegal(password, value)
  return value.length === LENGTH && text.isSame(await hashed(password, value.slice(0, SALT_LENGTH)), value)
}

const compare = (password, value, callback, progress) => answer(() => compared(password, value), callback, progress)

function getRounds(value) {
  if (typeof value !== 'string') throw illegal(value)
  return parseInt(value.split('$')[2], 10)
}

function getSalt(value) {
  if (typeof value !== 'string') throw illegal(value)
  if (value.length !== LENGTH) throw Error(`Illegal hash length: ${value.length} != ${LENGTH}`)
  return value.slice(0, SALT_LENGTH)
}

function truncates(password) {
  if (typeof password !== 'string') throw illegal(password)
  return Buffer.byteLength(password) > 72
}

function encodeBase64(bytes, length) {
  if (length <= 0 || length > bytes.length) throw Error(`Illegal len: ${length}`)
  return text.encode(Array.from(bytes).slice(0, length))
}

function decodeBase64(string, length) {
  if (length <= 0) throw Error(`Illegal len: ${length}`)
  return text.decode(string, length)
}

/** Random numbers are the host's. */
function setRandomFallback() {}

export default {
  setRandomFallback, genSaltSync, genSalt, hashSync, hash, compareSync, compare, getRounds, getSalt, truncates, encodeBase64, decodeBase64,
}
