/** `generateKeyPair` and `generateKey`. */
import { codedError, nativeError, requireFunction, requireString } from '../../errors.js'
import { fillRandom } from '../../random.js'
import { invalidArgValue, requireInt32, requireInteger, requireObject, requireOneOf, requireUint32, requireView } from '../../validators.js'
import { toCallback } from './derivation.js'
import { dhPair } from './diffie_hellman.js'
import { digestOf } from './hashes.js'
import { later, now, privateData, publicData, publicOf } from './host_keys.js'
import { RAW_LENGTHS, encodingOf, fromRaw, writePrivate, writePublic } from './key_forms.js'
import { KeyData, SecretKeyObject } from './keys.js'

const USUAL_EXPONENT = 0x10001

function encodingIn(options, name, kind, isPublic) {
  const encoding = options?.[name]
  if (encoding == null) return undefined
  if (typeof encoding !== 'object') throw invalidArgValue(`options.${name}`, encoding)
  return encodingOf(encoding, kind, isPublic, name)
}

function rsaRequest(options) {
  requireObject(options, 'options')
  requireUint32(options.modulusLength, 'options.modulusLength')
  if (options.publicExponent != null) requireUint32(options.publicExponent, 'options.publicExponent')
  return { modulusLength: options.modulusLength, publicExponent: options.publicExponent ?? USUAL_EXPONENT }
}

/** One of a new name and an old one. */
function digestOption(options, name, old) {
  const [value, former] = [options[name], options[old]]
  if (value !== undefined) requireString(value, `options.${name}`)
  if (former !== undefined) {
    process.emitWarning(`"options.${old}" is deprecated, use "options.${name}" instead.`, 'DeprecationWarning', 'DEP0154')
    requireString(former, `options.${old}`)
    if (value && former !== value) throw invalidArgValue(`options.${old}`, former)
  }
  return value || former
}

const hostDigest = (name, what) => {
  if (name === undefined) return undefined
  try {
    return digestOf(name).hostName
  } catch {
    throw nativeError(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid ${what}: ${name}`)
  }
}

function pssRequest(options) {
  const rsa = rsaRequest(options)
  if (options.saltLength !== undefined) requireInt32(options.saltLength, 'options.saltLength', 0)
  for (const name of ['hashAlgorithm', 'mgf1HashAlgorithm']) if (options[name] !== undefined) requireString(options[name], `options.${name}`)
  const digest = digestOption(options, 'hashAlgorithm', 'hash')
  const mgf1Digest = digestOption(options, 'mgf1HashAlgorithm', 'mgf1Hash')
  return { rsa, digest: hostDigest(digest, 'digest'), mgf1Digest: hostDigest(mgf1Digest, 'MGF1 digest'), saltLength: options.saltLength }
}

function dsaRequest(options) {
  requireObject(options, 'options')
  const { modulusLength, divisorLength } = options
  requireUint32(modulusLength, 'options.modulusLength')
  if (divisorLength != null) requireInt32(divisorLength, 'options.divisorLength', 0)
  return { modulusLength, divisorLength: divisorLength ?? undefined }
}

function ecRequest(options) {
  requireObject(options, 'options')
  const { namedCurve, paramEncoding } = options
  requireString(namedCurve, 'options.namedCurve')
  if (paramEncoding != null && paramEncoding !== 'named' && paramEncoding !== 'explicit') throw invalidArgValue('options.paramEncoding', paramEncoding)
  if (paramEncoding === 'explicit') throw refused('EC keys with explicit parameters')
  return { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' }[namedCurve] ?? namedCurve
}

const refused = (what) => nativeError(Error, 'ERR_CRYPTO_UNSUPPORTED_OPERATION', `Roost does not make ${what}.`)
const pair = (a, b) => codedError(TypeError, 'ERR_INCOMPATIBLE_OPTION_PAIR', `Option "${a}" cannot be used in combination with option "${b}"`)

function dhRequest(options) {
  requireObject(options, 'options')
  const { group, primeLength, prime, generator } = options
  if (group != null) {
    for (const [name, value] of Object.entries({ prime, primeLength, generator })) if (value != null) throw pair('group', name)
    requireString(group, 'options.group')
  } else if (prime != null) {
    if (primeLength != null) throw pair('prime', 'primeLength')
    requireView(prime, 'options.prime')
  } else if (primeLength != null) {
    requireInt32(primeLength, 'options.primeLength', 0)
  } else {
    throw codedError(TypeError, 'ERR_MISSING_OPTION', 'At least one of the group, prime, or primeLength options is required')
  }
  if (generator != null) requireInt32(generator, 'options.generator', 0)
  return dhPair(options)
}

/** What the host is asked for, and how it is to be written. */
function pairArguments(type, options) {
  requireString(type, 'type')
  const encodings = [encodingIn(options, 'publicKeyEncoding', type, true), encodingIn(options, 'privateKeyEncoding', type, false)]
  if (options !== undefined) requireObject(options, 'options')
  switch (type) {
    case 'rsa': return [{ tag: type, val: rsaRequest(options) }, encodings]
    case 'rsa-pss': return [{ tag: type, val: pssRequest(options) }, encodings]
    case 'dsa': return [{ tag: type, val: dsaRequest(options) }, encodings]
    case 'ec': return [{ tag: type, val: ecRequest(options) }, encodings]
    case 'ed25519': case 'x25519': case 'ed448': case 'x448': return [{ tag: type }, encodings]
    case 'dh': return [{ tag: type, val: dhRequest(options) }, encodings]
    default: throw invalidArgValue('type', type, 'must be a supported key type')
  }
}

/** Kinds of keys that are any bytes, by their names in JWK. The host makes none, but says which key some bytes are. */
const OF_RANDOM_BYTES = { ed448: 'Ed448', x448: 'X448' }

function ofRandomBytes(kind) {
  const curve = OF_RANDOM_BYTES[kind]
  const bytes = new Uint8Array(RAW_LENGTHS[curve])
  fillRandom(bytes)
  const privateKey = fromRaw(curve, bytes, false)
  return { publicKey: publicOf(privateKey), privateKey }
}

/** The data of both keys. */
const dataOf = ({ publicKey, privateKey }) => ({ publicKey: publicData(publicKey), privateKey: privateData(privateKey) })

/** What makes the keys: at once, or beside what else the bot does. */
function makerOf(request) {
  const { tag, val } = request
  if (tag === 'dh') return val
  if (OF_RANDOM_BYTES[tag] !== undefined) return { now: () => ofRandomBytes(tag), later: async () => ofRandomBytes(tag) }
  return { now: () => dataOf(now('generate-now', request)), later: async () => dataOf(await later('generate', request)) }
}

function written({ publicKey, privateKey }, [forPublic, forPrivate]) {
  return { publicKey: writePublic(publicKey, forPublic), privateKey: writePrivate(privateKey, forPrivate) }
}

export function generateKeyPairSync(type, options) {
  const [request, encodings] = pairArguments(type, options)
  return written(makerOf(request).now(), encodings)
}

/** @returns {Promise<{publicKey: KeyData, privateKey: KeyData}>} */
export async function generatePair(type, options) {
  const [request, encodings] = pairArguments(type, options)
  return written(await makerOf(request).later(), encodings)
}

export function generateKeyPair(type, options, callback) {
  if (typeof options === 'function') [options, callback] = [undefined, options]
  requireFunction(callback, 'callback')
  const [request, encodings] = pairArguments(type, options)
  makerOf(request).later().then((made) => written(made, encodings)).then(
    ({ publicKey, privateKey }) => process.nextTick(callback, null, publicKey, privateKey), (error) => process.nextTick(callback, error))
}

/** A promise has but one value: both keys are in it. */
Object.defineProperty(generateKeyPair, Symbol.for('nodejs.util.promisify.custom'), { value: generatePair })

function secretBytes(type, options) {
  requireString(type, 'type')
  requireObject(options, 'options')
  const { length } = options
  if (type === 'hmac') requireInteger(length, 'options.length', 8, 2 ** 31 - 1)
  else if (type === 'aes') requireOneOf(length, 'options.length', [128, 192, 256])
  else throw invalidArgValue('type', type, 'must be a supported key type')
  return Math.floor(length / 8)
}

function secretOf(length) {
  const bytes = new Uint8Array(length)
  fillRandom(bytes)
  return new SecretKeyObject(new KeyData('secret', bytes))
}

export function generateKeySync(type, options) {
  return secretOf(secretBytes(type, options))
}

export function generateKey(type, options, callback) {
  if (typeof options === 'function') [options, callback] = [undefined, options]
  requireFunction(callback, 'callback')
  const length = secretBytes(type, options)
  toCallback(new Promise((resolve) => resolve(secretOf(length))), callback)
}
