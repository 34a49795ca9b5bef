/** How public and private keys are given and written: PEM, DER, JWK, and what is said of them beside. */
import { codedError, invalidArgType, nativeError, requireString } from '../../errors.js'
import { invalidArgValue, requireObject, requireOneOf } from '../../validators.js'
import { Buffer } from '../buffer.js'
import { CURVES } from './curve_names.js'
import { NO_PASSPHRASE, now, privateData, publicData, publicOf } from './host_keys.js'
import { PrivateKeyObject, PublicKeyObject, asBuffer, bytesIn, invalidKeyType, isCryptoKey, isKeyObject, kData, keyObjectFor, keyObjectOf, sameBytes, toBytes } from './keys.js'

const KEYS = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView'
const KEYS_OR_OBJECTS = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey'

const incompatible = (encoding, why) => codedError(Error, 'ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS', `The selected key encoding ${encoding} ${why}.`)
const invalidJwk = (what = 'data') => codedError(TypeError, 'ERR_CRYPTO_INVALID_JWK', `Invalid JWK ${what}`)

const isText = (value) => bytesIn(value) !== undefined

function formatOf(given, usual, option) {
  if (given === undefined && usual !== undefined) return usual
  if (given === 'pem' || given === 'der' || given === 'jwk') return given
  throw invalidArgValue(option, given)
}

function typeOf(given, isRequired, kind, isPublic, option) {
  if (given === undefined && !isRequired) return undefined
  if (given === 'pkcs1') {
    if (kind !== undefined && kind !== 'rsa') throw incompatible(given, 'can only be used for RSA keys')
    return given
  }
  if (given === 'spki' && isPublic !== false) return given
  if (given === 'pkcs8' && isPublic !== true) return given
  if (given === 'sec1' && isPublic !== true) {
    if (kind !== undefined && kind !== 'ec') throw incompatible(given, 'can only be used for EC keys')
    return given
  }
  throw invalidArgValue(option, given)
}

/**
 * What options say of how a key is written.
 *
 * @param {string} [kind] of the key that is to be written; absent: one is read
 * @param {boolean} [isPublic] absent: it may be either
 * @param {string} [of] the member of the options that has them
 */
export function encodingOf(options, kind, isPublic, of) {
  requireObject(options, 'options')
  const option = (name) => (of === undefined ? `options.${name}` : `options.${of}.${name}`)
  const isInput = kind === undefined
  const format = formatOf(options.format, isInput ? 'pem' : undefined, option('format'))
  const type = typeOf(options.type, (!isInput || format === 'der') && format !== 'jwk', kind, isPublic, option('type'))
  if (isPublic === true) return { format, type }

  const { cipher, passphrase, encoding } = options
  if (!isInput) {
    if (cipher != null) {
      if (typeof cipher !== 'string') throw invalidArgValue(option('cipher'), cipher)
      if (format === 'der' && (type === 'pkcs1' || type === 'sec1')) throw incompatible(type, 'does not support encryption')
    } else if (passphrase !== undefined) {
      throw invalidArgValue(option('cipher'), cipher)
    }
  }
  if ((isInput && passphrase !== undefined && !isText(passphrase)) || (!isInput && cipher != null && !isText(passphrase))) {
    throw invalidArgValue(option('passphrase'), passphrase)
  }
  return { format, type, cipher, passphrase: passphrase === undefined ? undefined : toBytes(passphrase, 'key.passphrase', encoding) }
}

/** What a key is wanted for: only what reads a private key refuses a public one. */
const WANTED = {
  public: { isPublic: undefined, objects: ['public', 'private'] },
  private: { isPublic: false, objects: ['private'] },
  'new public': { isPublic: undefined, objects: ['private'] },
  'new private': { isPublic: false, objects: [] },
}

function fromObject(key, wanted) {
  if (wanted === 'new private') throw invalidArgType('key', KEYS, key)
  const { objects } = WANTED[wanted]
  if (!objects.includes(key.type)) throw invalidKeyType(key.type, objects.length === 1 ? 'private' : 'private or public')
  return key[kData]
}

/** What gives the data of a key, whatever it comes as. That it is of a fitting type is seen at once; what is in it, when it is read. */
function inputOf(key, wanted) {
  const expected = wanted === 'new private' ? KEYS : KEYS_OR_OBJECTS
  if (isKeyObject(key) || isCryptoKey(key)) {
    const data = fromObject(keyObjectOf(key), wanted)
    return () => data
  }
  if (isText(key)) return () => read({ data: toBytes(key), format: 'pem' }, wanted)
  if (typeof key !== 'object') throw invalidArgType('key', expected, key)
  const { key: data, encoding, format } = key
  if (isKeyObject(data) || isCryptoKey(data)) return inputOf(data, wanted)
  if (format === 'jwk') {
    requireObject(data, 'key.key')
    const made = fromJwk(data, wanted === 'public' || wanted === 'new public')
    return () => made
  }
  if (!isText(data)) throw invalidArgType('key.key', expected, data)
  const given = { data: toBytes(data, 'key', encoding), ...encodingOf(key, undefined, WANTED[wanted].isPublic) }
  return () => read(given, wanted)
}

/** Has the host read a key. Where a public one is wanted, DER may be a private one as well. */
function read({ data, format, type, passphrase }, wanted) {
  const isPrivate = wanted === 'private' || wanted === 'new private' || type === 'pkcs8' || type === 'sec1'
  const source = { tag: format === 'der' ? type : 'pem', val: data }
  try {
    return isPrivate ? privateData(now('read-private', source, passphrase)) : publicData(now('read-public', source, passphrase))
  } catch (error) {
    // Of PEM, OpenSSL asks for the passphrase; of DER, Node knows itself that there must be one.
    if (format === 'der' && error.code === NO_PASSPHRASE) throw nativeError(TypeError, 'ERR_MISSING_PASSPHRASE', 'Passphrase required for encrypted key')
    throw error
  }
}

/** What gives a public key's data, that of a private one's public part included. */
export function publicInput(key) {
  const data = inputOf(key, 'public')
  return () => publicOf(data())
}
export const privateInput = (key) => inputOf(key, 'private')

export function createPublicKey(key) {
  return new PublicKeyObject(publicOf(inputOf(key, 'new public')()))
}

export function createPrivateKey(key) {
  return new PrivateKeyObject(inputOf(key, 'new private')())
}

export const haveSamePublicKey = (a, b) => sameBytes(publicOf(a).bytes, publicOf(b).bytes)

const fromBase64 = (text) => Buffer.from(text, 'base64')
const toBase64 = (bytes) => asBuffer(bytes).toString('base64url')

/** A key of its parts. */
function fromComponents(tag, val, isPublic) {
  const key = now('from-components', { tag, val })
  return isPublic ? publicData(key) : privateData(key)
}

/** The data of a JWK's key. */
export function fromJwk(jwk, isPublic) {
  requireOneOf(jwk.kty, 'key.kty', ['RSA', 'EC', 'OKP'])
  if (jwk.kty === 'OKP') {
    requireString(jwk.crv, 'key.crv')
    requireOneOf(jwk.crv, 'key.crv', ['Ed25519', 'Ed448', 'X25519', 'X448'])
    requireString(jwk.x, 'key.x')
    if (!isPublic) requireString(jwk.d, 'key.d')
    return fromRaw(jwk.crv, fromBase64(isPublic ? jwk.x : jwk.d), isPublic)
  }
  if (jwk.kty === 'EC') {
    requireString(jwk.crv, 'key.crv')
    requireOneOf(jwk.crv, 'key.crv', ['P-256', 'secp256k1', 'P-384', 'P-521'])
    requireString(jwk.x, 'key.x')
    requireString(jwk.y, 'key.y')
    if (!isPublic) requireString(jwk.d, 'key.d')
    return fromEcJwk(jwk, isPublic)
  }
  for (const name of ['n', 'e', ...(isPublic ? [] : RSA_PRIVATE)]) requireString(jwk[name], `key.${name}`)
  return fromRsaJwk(jwk, isPublic)
}

const RSA_PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi']
/** How many bytes keys have that are bytes. */
export const RAW_LENGTHS = { Ed25519: 32, X25519: 32, Ed448: 57, X448: 56 }

/** The data of an Ed25519, X25519, Ed448 or X448 key. */
export function fromRaw(curve, bytes, isPublic) {
  if (bytes.length !== RAW_LENGTHS[curve]) throw invalidJwk()
  const kind = curve.toLowerCase()
  return fromComponents('raw', isPublic ? { kind, x: bytes } : { kind, x: new Uint8Array(0), d: bytes }, isPublic)
}

export function fromEcJwk(jwk, isPublic) {
  const [x, y] = [fromBase64(jwk.x), fromBase64(jwk.y)]
  try {
    return fromComponents('ec', { curve: CURVES[jwk.crv] ?? jwk.crv, x, y, d: isPublic ? undefined : fromBase64(jwk.d) }, isPublic)
  } catch {
    throw invalidJwk('EC key')
  }
}

export function fromRsaJwk(jwk, isPublic) {
  const parts = Object.fromEntries(RSA_PRIVATE.map((name) => [name, isPublic ? undefined : fromBase64(jwk[name])]))
  try {
    return fromComponents('rsa', { n: fromBase64(jwk.n), e: fromBase64(jwk.e), private: isPublic ? undefined : parts }, isPublic)
  } catch {
    throw invalidJwk('RSA key')
  }
}

/** The JWK of a public or private key, in the order that Node's members have. */
export function toJwk(data) {
  const { kind, namedCurve } = data.details
  const isPrivate = data.type === 'private'
  const name = Object.keys(RAW_LENGTHS).find((one) => one.toLowerCase() === kind)
  if (kind !== 'rsa' && kind !== 'ec' && name === undefined) throw nativeError(Error, 'ERR_CRYPTO_JWK_UNSUPPORTED_KEY_TYPE', 'Unsupported JWK Key Type.')
  const curve = namedCurve === 'secp256k1' ? namedCurve : Object.keys(CURVES).find((one) => CURVES[one] === namedCurve)
  if (kind === 'ec' && curve === undefined) throw nativeError(Error, 'ERR_CRYPTO_JWK_UNSUPPORTED_CURVE', `Unsupported JWK EC curve: ${namedCurve}.`)
  const { val } = now(isPrivate ? 'private-components' : 'public-components', data.bytes)
  if (kind === 'rsa') {
    const parts = isPrivate ? RSA_PRIVATE.map((name) => [name, toBase64(val.private[name])]) : []
    return { kty: 'RSA', n: toBase64(val.n), e: toBase64(val.e), ...Object.fromEntries(parts) }
  }
  const d = isPrivate && { d: toBase64(val.d) }
  if (kind === 'ec') return { kty: 'EC', x: toBase64(val.x), y: toBase64(val.y), crv: curve, ...d }
  return { crv: name, ...d, x: toBase64(val.x), kty: 'OKP' }
}

const written = (bytes, format) => (format === 'pem' ? asBuffer(bytes).toString('latin1') : asBuffer(bytes))

export function exportPublic(data, options) {
  if (options?.format === 'jwk') return toJwk(data)
  return writePublic(data, encodingOf(options, data.details.kind, true))
}

export function exportPrivate(data, options) {
  if (options?.format === 'jwk') {
    if (options.passphrase !== undefined) throw incompatible('jwk', 'does not support encryption')
    return toJwk(data)
  }
  return writePrivate(data, encodingOf(options, data.details.kind, false))
}

/** Writes a key as it was asked for; as an object where it was not. */
export function writePublic(data, encoding) {
  if (encoding === undefined) return keyObjectFor(data)
  if (encoding.format === 'jwk') return toJwk(data)
  return written(now('export-public', data.bytes, encoding.type, encoding.format), encoding.format)
}

export function writePrivate(data, encoding) {
  if (encoding === undefined) return keyObjectFor(data)
  const { format, type, cipher, passphrase } = encoding
  if (format === 'jwk') return toJwk(data)
  const encryption = cipher == null ? undefined : { cipher, passphrase }
  return written(now('export-private', data.bytes, type, format, encryption), format)
}
