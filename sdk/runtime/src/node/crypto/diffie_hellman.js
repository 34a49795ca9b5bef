/** `ECDH`, `DiffieHellman` and `diffieHellman`: secrets that two agree on. */
import { codedError, invalidArgType, nativeError, requireString } from '../../errors.js'
import { invalidArgValue, requireInt32, requireObject } from '../../validators.js'
import { Buffer } from '../buffer.js'
import { written, writtenNumber } from './asn1.js'
import { invalidCurve, later, now, openssl, operationFailed, privateData, publicOf } from './host_keys.js'
import { KeyObject, asBuffer, bytesIn, invalidKeyType, kData, sameBytes, toBytes } from './keys.js'

const kState = Symbol('kHandle')

const encoded = (bytes, encoding) => (encoding && encoding !== 'buffer' ? asBuffer(bytes).toString(encoding) : Buffer.from(bytes))

/** A number without the zeros before it. */
function shortest(bytes) {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first === -1 ? bytes.subarray(bytes.length) : bytes.subarray(first)
}

const number = (bytes) => BigInt(`0x${asBuffer(bytes).toString('hex') || '0'}`)

const invalidPublicKey = () => codedError(Error, 'ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY', 'Public key is not valid for specified curve')
const notAPoint = () => operationFailed('Failed to convert Buffer to EC_POINT')

function requireCurve(curve) {
  if (!now('curves').includes(curve)) throw invalidCurve()
}

function formOf(format) {
  if (!format) return 'uncompressed'
  if (format !== 'compressed' && format !== 'hybrid' && format !== 'uncompressed') throw codedError(TypeError, 'ERR_CRYPTO_ECDH_INVALID_FORMAT', `Invalid ECDH format: ${format}`)
  return format
}

/** Calls the host, whose reasons Node does not tell. */
function attempt(call, fault) {
  try {
    return call()
  } catch {
    throw fault()
  }
}

export function ECDH(curve) {
  if (!(this instanceof ECDH)) return new ECDH(curve)
  requireString(curve, 'curve')
  requireCurve(curve)
  /** The private number, and the point, uncompressed: plain values, which lie in an image like any other. */
  Object.defineProperty(this, kState, { value: { curve, secret: undefined, point: undefined } })
}

Object.assign(ECDH.prototype, {
  generateKeys(encoding, format) {
    const state = this[kState]
    const { privateKey } = now('generate-now', { tag: 'ec', val: state.curve })
    const { val } = now('private-components', privateKey.der)
    Object.assign(state, { secret: val.d, point: Uint8Array.from([4, ...val.x, ...val.y]) })
    return this.getPublicKey(encoding, format)
  },
  getPublicKey(encoding, format) {
    const form = formOf(format)
    const { curve, point } = this[kState]
    if (point === undefined) throw operationFailed('Failed to get ECDH public key')
    return encoded(form === 'uncompressed' ? point : now('convert-point', curve, point, form), encoding)
  },
  getPrivateKey(encoding) {
    const { secret } = this[kState]
    if (secret === undefined) throw operationFailed('Failed to get ECDH private key')
    return encoded(shortest(secret), encoding)
  },
  setPrivateKey(key, encoding) {
    const secret = Uint8Array.from(toBytes(key, 'key', encoding))
    const state = this[kState]
    const point = attempt(() => now('point-of', state.curve, secret), () => nativeError(RangeError, 'ERR_CRYPTO_INVALID_KEYTYPE', 'Private key is not valid for specified curve.'))
    Object.assign(state, { secret, point })
    return this
  },
  setPublicKey(key, encoding) {
    const given = toBytes(key, 'key', encoding)
    const state = this[kState]
    state.point = attempt(() => now('convert-point', state.curve, given, 'uncompressed'), notAPoint)
    return this
  },
  computeSecret(key, inputEncoding, outputEncoding) {
    const point = toBytes(key, 'key', inputEncoding)
    const { curve, secret, point: own } = this[kState]
    const isPair = secret !== undefined && own !== undefined && sameBytes(now('point-of', curve, secret), own)
    if (!isPair) throw nativeError(RangeError, 'ERR_CRYPTO_INVALID_KEYPAIR', 'Invalid key pair')
    return encoded(attempt(() => now('agree-on-curve', curve, secret, point), invalidPublicKey), outputEncoding)
  },
})

ECDH.convertKey = function convertKey(key, curve, inputEncoding, outputEncoding, format) {
  requireString(curve, 'curve')
  const point = toBytes(key, 'key', inputEncoding)
  const form = formOf(format)
  if (point.length === 0) return ''
  requireCurve(curve)
  return encoded(attempt(() => now('convert-point', curve, point, form), notAPoint), outputEncoding)
}

/** From so many bits on OpenSSL takes a prime. */
const LEAST_BITS = 512

const tooSmall = () => openssl('0280007E', 'Diffie-Hellman routines', 'modulus too small', 'ERR_OSSL_DH_MODULUS_TOO_SMALL')
const badGenerator = () => openssl('02800065', 'Diffie-Hellman routines', 'bad generator', 'ERR_OSSL_DH_BAD_GENERATOR')
const noKey = (kind) => nativeError(Error, 'ERR_CRYPTO_INVALID_STATE', `No ${kind} key - did you forget to generate one?`)

const bytesOfNumber = (number) => Buffer.from(Math.max(number, 0).toString(16).padStart(8, '0'), 'hex')

/** The bytes of a generator that comes as a number or as bytes. */
function generatorBytes(generator) {
  const bytes = typeof generator === 'number' ? bytesOfNumber(generator) : Uint8Array.from(bytesIn(generator))
  if (number(bytes) < 2n) throw badGenerator()
  return Uint8Array.from(shortest(bytes))
}

/** What the host is asked for: a new prime of which the generator generates the large part, as OpenSSL makes them. */
function primeRequest(bits, generator) {
  const [add, rem] = { 2: [24, 23], 5: [60, 59] }[number(generator)] ?? [12, 11]
  return { bits, safe: true, add: Uint8Array.of(add), rem: Uint8Array.of(rem) }
}

function newPrime(bits, generator) {
  if (bits < LEAST_BITS) throw bits < 2 ? tooSmall() : nativeError(TypeError, 'ERR_INVALID_ARG_VALUE', 'Invalid DH parameters')
  return now('generate-prime-now', primeRequest(bits, generator))
}

const SIZE_OR_KEY = 'of type number or string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView'

function setGroup(self, group) {
  Object.defineProperty(self, kState, { value: { group, secret: undefined, open: undefined } })
  // What costs much is asked for by few.
  let found
  Object.defineProperty(self, 'verifyError', { enumerable: true, get: () => (found ??= now('check-group-now', group)) })
}

export function DiffieHellman(sizeOrKey, keyEncoding, generator, generatorEncoding) {
  if (!(this instanceof DiffieHellman)) return new DiffieHellman(sizeOrKey, keyEncoding, generator, generatorEncoding)
  if (typeof sizeOrKey !== 'number' && bytesIn(sizeOrKey) === undefined) throw invalidArgType('sizeOrKey', `one ${SIZE_OR_KEY}`, sizeOrKey)
  if (typeof sizeOrKey === 'number') requireInt32(sizeOrKey, 'sizeOrKey')
  if (keyEncoding && !Buffer.isEncoding(keyEncoding) && keyEncoding !== 'buffer') {
    [generator, generatorEncoding, keyEncoding] = [keyEncoding, generator, undefined]
  }
  if (!generator) generator = 2
  else if (typeof generator === 'number') requireInt32(generator, 'generator')
  else if (typeof generator === 'string') generator = bytesIn(generator, generatorEncoding)
  else if (bytesIn(generator) === undefined) throw invalidArgType('generator', `one ${SIZE_OR_KEY}`, generator)

  const base = generatorBytes(generator)
  const prime = typeof sizeOrKey === 'number' ? newPrime(sizeOrKey, base) : Uint8Array.from(bytesIn(sizeOrKey, keyEncoding || undefined))
  setGroup(this, { prime, generator: base })
}

export function DiffieHellmanGroup(name) {
  if (!(this instanceof DiffieHellmanGroup)) return new DiffieHellmanGroup(name)
  if (typeof name !== 'string') throw codedError(TypeError, 'ERR_INVALID_ARG_TYPE', 'Group name must be a string')
  setGroup(this, groupNamed(name))
}

function groupNamed(name) {
  const group = now('named-group', name.toLowerCase())
  if (group === undefined) throw nativeError(Error, 'ERR_CRYPTO_UNKNOWN_DH_GROUP', 'Unknown DH group')
  return group
}

const shared = {
  generateKeys(encoding) {
    const state = this[kState]
    state.secret ??= now('private-number', state.group)
    state.open = now('public-number', state.group, state.secret)
    return this.getPublicKey(encoding)
  },
  computeSecret(key, inputEncoding, outputEncoding) {
    const other = toBytes(key, 'key', inputEncoding)
    const { group, secret } = this[kState]
    const value = number(other)
    if (value < 2n) throw nativeError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Supplied key is too small')
    const unspecified = () => nativeError(RangeError, 'ERR_CRYPTO_INVALID_KEYTYPE', 'Unspecified validation error')
    if (secret === undefined || shortest(other).length > shortest(group.prime).length) throw unspecified()
    if (value > number(group.prime) - 2n) throw nativeError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Supplied key is too large')
    return encoded(now('agree-in-group', group, secret, other), outputEncoding)
  },
  getPrime(encoding) { return encoded(this[kState].group.prime, encoding) },
  getGenerator(encoding) { return encoded(this[kState].group.generator, encoding) },
  getPublicKey(encoding) {
    const { open } = this[kState]
    if (open === undefined) throw noKey('public')
    return encoded(shortest(open), encoding)
  },
  getPrivateKey(encoding) {
    const { secret } = this[kState]
    if (secret === undefined) throw noKey('private')
    return encoded(shortest(secret), encoding)
  },
}
Object.assign(DiffieHellman.prototype, shared, {
  setPublicKey(key, encoding) {
    this[kState].open = Uint8Array.from(toBytes(key, 'key', encoding))
    return this
  },
  setPrivateKey(key, encoding) {
    this[kState].secret = Uint8Array.from(toBytes(key, 'key', encoding))
    return this
  },
})
Object.assign(DiffieHellmanGroup.prototype, shared)

export const createECDH = (curve) => new ECDH(curve)
export const createDiffieHellman = (...args) => new DiffieHellman(...args)
export const createDiffieHellmanGroup = (name) => new DiffieHellmanGroup(name)
export const getDiffieHellman = createDiffieHellmanGroup

/** The secret that a private key's data and another's public key's data share. */
export function agree(privateData, publicData) {
  const [mine, its] = [privateData.details, publicData.details]
  if (mine.namedCurve !== its.namedCurve) throw openssl('1C8000CB', 'Provider routines', 'mismatching domain parameters', 'ERR_OSSL_MISMATCHING_DOMAIN_PARAMETERS')
  return now('agree', privateData.bytes, publicOf(publicData).bytes)
}

/** PKCS #3's identifier, whose parameters are a prime and a generator. */
const DH_OID = written(0x06, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x03, 0x01])

/** A new key pair for a group: PKCS #8 is written here, and the host reads it and knows the public key of it. */
function pairIn(group) {
  if (bitsOf(group.prime) < LEAST_BITS) throw withoutCode(tooSmall())
  const algorithm = written(0x30, DH_OID, written(0x30, writtenNumber(group.prime), writtenNumber(group.generator)))
  const pkcs8 = written(0x30, writtenNumber([]), algorithm, written(0x04, writtenNumber(now('private-number', group))))
  const privateKey = privateData(now('read-private', { tag: 'pkcs8', val: pkcs8 }))
  return { publicKey: publicOf(privateKey), privateKey }
}

const bitsOf = (bytes) => number(bytes).toString(2).length
/** Of what fails while a key is made Node has the message alone. */
const withoutCode = ({ message }) => new Error(message)

/**
 * What makes key objects for Diffie-Hellman of options that are sound: at once, or beside what else the bot does.
 *
 * @param {{group?: string, prime?: ArrayBufferView, primeLength?: number, generator?: number}} options
 */
export function dhPair({ group: name, prime, primeLength, generator }) {
  if (name != null) {
    const group = groupNamed(name)
    return { now: () => pairIn(group), later: async () => pairIn(group) }
  }
  const base = Uint8Array.from(shortest(bytesOfNumber(generator ?? 2)))
  const of = (bytes) => pairIn({ prime: Uint8Array.from(shortest(bytes)), generator: base })
  if (prime != null) {
    const given = Uint8Array.from(bytesIn(prime))
    return { now: () => of(given), later: async () => of(given) }
  }
  const request = () => {
    if (primeLength < LEAST_BITS) throw withoutCode(tooSmall())
    return primeRequest(primeLength, base)
  }
  return { now: () => of(now('generate-prime-now', request())), later: async () => of(await later('generate-prime', request())) }
}

const AGREEING = ['dh', 'ec', 'x448', 'x25519']

export function diffieHellman(options) {
  requireObject(options, 'options')
  const { privateKey, publicKey } = options
  if (!(privateKey instanceof KeyObject)) throw invalidArgValue('options.privateKey', privateKey)
  if (!(publicKey instanceof KeyObject)) throw invalidArgValue('options.publicKey', publicKey)
  if (privateKey.type !== 'private') throw invalidKeyType(privateKey.type, 'private')
  if (publicKey.type !== 'public' && publicKey.type !== 'private') throw invalidKeyType(publicKey.type, 'private or public')
  const [mine, its] = [privateKey.asymmetricKeyType, publicKey.asymmetricKeyType]
  if (mine !== its || !AGREEING.includes(mine)) {
    throw codedError(Error, 'ERR_CRYPTO_INCOMPATIBLE_KEY', `Incompatible key types for Diffie-Hellman: ${mine} and ${its}`)
  }
  return asBuffer(agree(privateKey[kData], publicKey[kData]))
}
