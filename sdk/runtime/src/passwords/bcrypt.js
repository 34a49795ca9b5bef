/** The package `bcrypt`, whose machine code the host stands in for. */
import { Buffer } from '../node/buffer.js'
import { toCallback } from '../node/crypto/derivation.js'
import * as text from './bcrypt_text.js'

const ROUNDS = 10
const INVALID_SALT = 'Invalid salt. Salt must be in the form of: $Vers$log2(NumRounds)$saltvalue'
const NO_CALLBACK = 'cb must be a function or null to return a Promise'
const WRONG_DATA = 'data must be a string or Buffer and salt must either be a salt string or a number of rounds'

const isData = (data) => typeof data === 'string' || data instanceof Buffer

/** The package knows no `2y`. */
function parse(salt) {
  const parsed = text.parse(salt)
  return parsed?.minor === 'y' ? undefined : parsed
}

/** A promise, or what the callback is called with. What is wrong is told by either. */
function answer(work, callback) {
  const promise = new Promise((resolve) => resolve(work()))
  if (!callback) return promise
  toCallback(promise, callback)
}

function genSaltSync(rounds, minor) {
  if (!rounds) rounds = ROUNDS
  else if (typeof rounds !== 'number') throw new Error('rounds must be a number')
  if (!minor) minor = 'b'
  else if (minor !== 'b' && minor !== 'a') throw new Error('minor must be either "a" or "b"')
  return text.makeSalt(rounds, minor)
}

function genSalt(rounds, minor, callback) {
  if (typeof rounds === 'function') [rounds, minor, callback] = [undefined, undefined, rounds]
  else if (typeof minor === 'function') [minor, callback] = [undefined, minor]
  return answer(() => genSaltSync(rounds, minor), callback)
}

function saltOf(data, salt) {
  if (data == null || salt == null) throw new Error('data and salt arguments required')
  if (!isData(data) || (typeof salt !== 'string' && typeof salt !== 'number')) throw new Error(WRONG_DATA)
  const parsed = parse(typeof salt === 'number' ? genSaltSync(salt) : salt)
  if (!parsed) throw new Error(INVALID_SALT)
  return parsed
}

const hashSync = (data, salt) => text.hashNow(data, saltOf(data, salt))

function hash(data, salt, callback) {
  for (const early of [data, salt]) if (typeof early === 'function') return void process.nextTick(early, new Error(WRONG_DATA))
  if (callback && typeof callback !== 'function') return Promise.reject(new Error(NO_CALLBACK))
  return answer(() => text.hash(data, saltOf(data, salt)), callback)
}

function checkCompared(data, hashed, message) {
  if (data == null || hashed == null) throw new Error('data and hash arguments required')
  if (!isData(data) || typeof hashed !== 'string') throw new Error(message)
}

function compareSync(data, hashed) {
  checkCompared(data, hashed, 'data must be a string or Buffer and hash must be a string')
  const parsed = parse(hashed)
  return parsed !== undefined && text.isSame(text.hashNow(data, parsed), hashed)
}

async function compared(data, hashed) {
  checkCompared(data, hashed, 'data and hash must be strings')
  const parsed = parse(hashed)
  return parsed !== undefined && text.isSame(await text.hash(data, parsed), hashed)
}

function compare(data, hashed, callback) {
  for (const early of [data, hashed]) if (typeof early === 'function') return void process.nextTick(early, new Error('data and hash arguments required'))
  if (callback && typeof callback !== 'function') return Promise.reject(new Error(NO_CALLBACK))
  return answer(() => compared(data, hashed), callback)
}

function getRounds(hashed) {
  if (hashed == null) throw new Error('hash argument required')
  if (typeof hashed !== 'string') throw new Error('hash must be a string')
  const rounds = Number(/^\$.[^$]?\$(\d+)/.exec(hashed)?.[1] ?? 0)
  if (rounds === 0) throw new Error('invalid hash provided')
  return rounds
}

export default { genSaltSync, genSalt, hashSync, hash, compareSync, compare, getRounds }
