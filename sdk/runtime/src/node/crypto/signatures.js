/** `sign` and `verify`: at once, and as streams. */
import { codedError, nativeError, requireFunction, requireString } from '../../errors.js'
import { invalidArgValue, requireView } from '../../validators.js'
import { toCallback } from './derivation.js'
import { Hash, digestOf, hashOf } from './hashes.js'
import { later, now, openssl } from './host_keys.js'
import { privateInput, publicInput } from './key_forms.js'
import { asBuffer, dataBytes, toBytes } from './keys.js'
import { Writable } from '../stream.js'

const PADDINGS = { 1: 'pkcs1', 6: 'pss' }
const PSS = 6
const MAX_SIGN = -2

function int32Option(options, name) {
  const value = options[name]
  if (value !== undefined && value !== value >> 0) throw invalidArgValue(`options.${name}`, value)
  return value
}

/** What beside the key its options say. */
function optionsOf(key) {
  const padding = int32Option(key, 'padding')
  let saltLength = int32Option(key, 'saltLength')
  if (padding === PSS && saltLength === undefined) saltLength = MAX_SIGN
  const { dsaEncoding: encoding = 'der' } = typeof key === 'object' ? key : {}
  if (encoding !== 'der' && encoding !== 'ieee-p1363') throw invalidArgValue('options.dsaEncoding', encoding)
  return { padding, saltLength, encoding }
}

function saltOf(length, isSigning) {
  switch (length) {
    case undefined: return undefined
    case -1: case -4: return { tag: 'digest' }
    case -2: return { tag: isSigning ? 'max' : 'auto' }
    case -3: return { tag: 'max' }
    default:
      if (length < 0) throw openssl('1C800070', 'Provider routines', 'invalid salt length', 'ERR_OSSL_INVALID_SALT_LENGTH')
      return { tag: 'bytes', val: length }
  }
}

/** How the host signs with a key, or looks at a signature. Only RSA has a padding. */
function signingOf({ kind }, { padding, saltLength, encoding }, digest, isSigning) {
  const isRsa = kind === 'rsa' || kind === 'rsa-pss'
  if (isRsa && padding !== undefined && PADDINGS[padding] === undefined) {
    if (padding === 3) throw openssl('1C8000A8', 'Provider routines', 'invalid padding mode', 'ERR_OSSL_INVALID_PADDING_MODE')
    throw openssl('1C8000A5', 'Provider routines', 'illegal or unsupported padding mode', 'ERR_OSSL_ILLEGAL_OR_UNSUPPORTED_PADDING_MODE')
  }
  return { digest, encoding, padding: isRsa ? PADDINGS[padding] : undefined, saltLength: isRsa ? saltOf(saltLength, isSigning) : undefined }
}

const signsData = (kind) => kind === 'ed25519' || kind === 'ed448'

/** What is signed: the data itself, or its digest, and the digest's name. */
function messageOf(algorithm, data, { kind, pss }) {
  if (signsData(kind)) {
    if (algorithm != null) throw openssl('1C80007A', 'Provider routines', 'invalid digest', 'ERR_OSSL_INVALID_DIGEST')
    return [{ tag: 'data', val: data }, undefined]
  }
  const hash = digestOf(algorithm ?? pss?.digest ?? 'sha256')
  return [{ tag: 'digest', val: hash(data) }, hash.hostName]
}

export function sign(algorithm, data, key, callback) {
  if (algorithm != null) requireString(algorithm, 'algorithm')
  if (callback !== undefined) requireFunction(callback, 'callback')
  const bytes = toBytes(data, 'data')
  if (!key) throw keyRequired()
  const options = optionsOf(key)
  const secret = privateInput(key)()
  if (algorithm != null) digestOf(algorithm)
  const start = () => {
    const [message, digest] = messageOf(algorithm, bytes, secret.details)
    return [secret.bytes, message, signingOf(secret.details, options, digest, true)]
  }
  if (!callback) return asBuffer(now('sign-now', ...start()))
  toCallback(new Promise((resolve) => resolve(later('sign', ...start()))).then(asBuffer), callback)
}

export function verify(algorithm, data, key, signature, callback) {
  if (algorithm != null) requireString(algorithm, 'algorithm')
  if (callback !== undefined) requireFunction(callback, 'callback')
  const bytes = toBytes(data, 'data')
  const options = optionsOf(key)
  requireView(signature, 'signature')
  const { bytes: der, details } = publicInput(key)()
  if (algorithm != null) digestOf(algorithm)
  const given = toBytes(signature)
  const start = () => {
    const [message, digest] = messageOf(algorithm, bytes, details)
    return now('verify', der, message, given, signingOf(details, options, digest, false))
  }
  if (!callback) return start()
  toCallback(new Promise((resolve) => resolve(start())), callback)
}

const keyRequired = () => codedError(Error, 'ERR_CRYPTO_SIGN_KEY_REQUIRED', 'No key provided to sign')
const kHash = Symbol('kHandle')

/** What both streams do: their data is digested as it comes. */
function begin(self, algorithm, options) {
  requireString(algorithm, 'algorithm')
  Writable.call(self, options)
  let hash
  try {
    hash = new Hash(algorithm)
    hashOf(algorithm)
  } catch {
    throw nativeError(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', 'Invalid digest')
  }
  self[kHash] = { hash, name: hashOf(algorithm).hostName }
}

const shared = {
  update(data, encoding) {
    const bytes = dataBytes(data, encoding)
    if (!this[kHash].hash) throw notInitialised()
    this[kHash].hash.update(bytes)
    return this
  },
  _write(chunk, encoding, callback) {
    this.update(chunk, encoding)
    callback()
  },
}

const notInitialised = () => nativeError(Error, 'ERR_CRYPTO_INVALID_STATE', 'Not initialised')

/** The digest of all that came, once. */
function finish(self, { kind }) {
  const { hash, name } = self[kHash]
  if (!hash) throw notInitialised()
  self[kHash].hash = undefined
  if (signsData(kind)) throw nativeError(Error, 'ERR_CRYPTO_UNSUPPORTED_OPERATION', 'Unsupported crypto operation')
  return [{ tag: 'digest', val: hash.digest() }, name]
}

export function Sign(algorithm, options) {
  if (!(this instanceof Sign)) return new Sign(algorithm, options)
  begin(this, algorithm, options)
}

export function Verify(algorithm, options) {
  if (!(this instanceof Verify)) return new Verify(algorithm, options)
  begin(this, algorithm, options)
}

for (const Class of [Sign, Verify]) {
  Object.setPrototypeOf(Class.prototype, Writable.prototype)
  Object.setPrototypeOf(Class, Writable)
  Object.assign(Class.prototype, shared)
}

Sign.prototype.sign = function sign(key, encoding) {
  if (!key) throw keyRequired()
  const input = privateInput(key)
  const options = optionsOf(key)
  const { bytes, details } = input()
  const [message, digest] = finish(this, details)
  const signature = asBuffer(now('sign-now', bytes, message, signingOf(details, options, digest, true)))
  return encoding && encoding !== 'buffer' ? signature.toString(encoding) : signature
}

Verify.prototype.verify = function verify(key, signature, encoding) {
  const input = publicInput(key)
  const options = optionsOf(key)
  const given = toBytes(signature, 'signature', encoding)
  const { bytes, details } = input()
  const [message, digest] = finish(this, details)
  return now('verify', bytes, message, given, signingOf(details, options, digest, false))
}

export const createSign = (algorithm, options) => new Sign(algorithm, options)
export const createVerify = (algorithm, options) => new Verify(algorithm, options)
