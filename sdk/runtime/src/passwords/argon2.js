/** The package `argon2`, whose machine code the host stands in for (`wit/key-derivation.wit`). */
import { Buffer } from '../node/buffer.js'
import { timingSafeEqual } from '../node/crypto.js'
import { derive } from '../node/crypto/derivation.js'
import { asBuffer } from '../node/crypto/keys.js'
import { fillRandom } from '../random.js'

const [argon2d, argon2i, argon2id] = [0, 1, 2]
const KINDS = ['d', 'i', 'id']

const DEFAULTS = { hashLength: 32, timeCost: 3, memoryCost: 1 << 16, parallelism: 4, type: argon2id, version: 0x13 }
const TOO_LARGE = [['hashLength', 32, 'Hash length'], ['memoryCost', 32, 'Memory cost'], ['timeCost', 32, 'Time cost'], ['parallelism', 24, 'Parallelism']]

async function computed(password, salt, { type, version, memoryCost, timeCost, parallelism, hashLength, secret, data }) {
  const settings = { kind: KINDS[type], version, memory: memoryCost, passes: timeCost, lanes: parallelism, secret, data }
  if (KINDS[type] === undefined) throw new Error('There is no such version of Argon2')
  try {
    return asBuffer(await derive('argon2', [Buffer.from(password), salt, settings, hashLength]))
  } catch (error) {
    throw asThePackage(error)
  }
}

/** The host's words for what the package has its own for. */
const OTHER_WORDS = { 'Not enough threads': 'Too few lanes', 'Too many threads': 'Too many lanes' }

/** A wrong parameter as the package says it: without a code. What takes too much is told as everywhere. */
function asThePackage(error) {
  if (!error.message.startsWith('argon2: ')) return error
  const text = error.message.charAt(8).toUpperCase() + error.message.slice(9)
  return new Error(OTHER_WORDS[text] ?? text)
}

const unpadded = (bytes) => Buffer.from(bytes).toString('base64').replace(/=+$/, '')

async function hash(password, options) {
  const { raw, salt: given, associatedData, ...rest } = { ...DEFAULTS, ...options }
  for (const [name, bits, what] of TOO_LARGE) if (rest[name] > 2 ** bits - 1) throw new RangeError(`${what} is too large`)
  const salt = given ?? new Uint8Array(rest.saltLength ?? 16)
  if (!given) fillRandom(salt)
  const made = await computed(password, salt, { ...rest, data: associatedData })
  if (raw) return made
  const data = associatedData?.byteLength > 0 ? `,data=${unpadded(associatedData)}` : ''
  const { type, version, memoryCost, timeCost, parallelism } = rest
  return `$argon2${KINDS[type]}$v=${version}$m=${memoryCost},p=${parallelism},t=${timeCost}${data}$${unpadded(salt)}$${unpadded(made)}`
}

/** What a hash says; undefined where it is of another kind. */
function parse(digest) {
  if (typeof digest !== 'string' || digest === '') throw new TypeError('pchstr must be a non-empty string')
  if (digest[0] !== '$') throw new TypeError('pchstr must contain a $ as first char')
  const [, name, version = '16', listed, salt, made] = /^\$argon2([a-z]+)(?:\$v=(\d+))?\$([^$]+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(digest) ?? []
  const type = KINDS.indexOf(name)
  if (type < 0) return undefined
  const { m, t, p, data } = Object.fromEntries(listed.split(',').map((part) => part.split('=')))
  return {
    type, version: Number(version), memoryCost: Number(m), timeCost: Number(t), parallelism: Number(p), salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(made, 'base64'), data: data === undefined ? undefined : Buffer.from(data, 'base64'),
  }
}

function needsRehash(digest, options) {
  const wanted = { ...DEFAULTS, ...options }
  const has = parse(digest)
  return ['version', 'memoryCost', 'timeCost', 'parallelism'].some((name) => has?.[name] !== +wanted[name])
}

async function verify(digest, password, options) {
  const has = parse(digest)
  if (!has) return false
  const { salt, hash: expected, ...rest } = has
  const made = await computed(password, salt, { ...rest, hashLength: expected.length, secret: options?.secret })
  return timingSafeEqual(made, expected)
}

export default { argon2d, argon2i, argon2id, hash, needsRehash, verify }
