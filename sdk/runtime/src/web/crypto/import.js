/** `importKey`: keys from bytes and JWK, and from the `KeyObject` of `node:crypto`. */
import { Buffer } from '../../node/buffer.js'
import { CURVES } from '../../node/crypto/curve_names.js'
import { now, publicData, publicOf } from '../../node/crypto/host_keys.js'
import { RAW_LENGTHS, createPrivateKey, createPublicKey, fromEcJwk, fromRaw, fromRsaJwk } from '../../node/crypto/key_forms.js'
import { createSecretKey, kData, keyObjectFor, sameBytes } from '../../node/crypto/keys.js'
import { DOMException } from '../dom_exception.js'
import { dataError, invalidData, jwkAlgorithm, normalized, requireJwkFits, requireKind, requireUsages, unrecognized } from './algorithms.js'
import { toBoolean, toIdentifier, toKeyUsages } from './converters.js'
import { makeCryptoKey } from './crypto_key.js'

/** What public and private keys may be for. */
const PAIR_USAGES = {
  'RSASSA-PKCS1-v1_5': { public: ['verify'], private: ['sign'] },
  'RSA-PSS': { public: ['verify'], private: ['sign'] },
  'RSA-OAEP': { public: ['encrypt', 'wrapKey'], private: ['decrypt', 'unwrapKey'] },
  ECDSA: { public: ['verify'], private: ['sign'] },
  ECDH: { public: [], private: ['deriveKey', 'deriveBits'] },
  Ed25519: { public: ['verify'], private: ['sign'] },
  X25519: { public: [], private: ['deriveKey', 'deriveBits'] },
  Ed448: { public: ['verify'], private: ['sign'] },
  X448: { public: [], private: ['deriveKey', 'deriveBits'] },
}
export const usagesOf = (name) => PAIR_USAGES[name]

function requirePairUsages({ name }, isPublic, usages) {
  requireUsages(usages, PAIR_USAGES[name][isPublic ? 'public' : 'private'], `${name.startsWith('RSA') ? 'an' : 'a'} ${name}`)
}

/** What reading a key gives, or the error that the web has for it. */
function reading(read) {
  try {
    return read()
  } catch (cause) {
    throw invalidData(cause)
  }
}

/** A public or private key, from what all kinds of them come as; undefined from anything else. */
function importPair(format, data, algorithm, usages) {
  switch (format) {
    case 'KeyObject':
      requirePairUsages(algorithm, data.type === 'public', usages)
      return data
    case 'spki':
      requirePairUsages(algorithm, true, usages)
      return reading(() => createPublicKey({ key: data, format: 'der', type: 'spki' }))
    case 'pkcs8':
      requirePairUsages(algorithm, false, usages)
      return reading(() => createPrivateKey({ key: data, format: 'der', type: 'pkcs8' }))
    default: return undefined
  }
}

function importRsa(format, data, algorithm, extractable, usages) {
  let key = importPair(format, data, algorithm, usages)
  if (format === 'jwk') {
    requireKind(data, 'RSA')
    const isPublic = data.d === undefined
    requirePairUsages(algorithm, isPublic, usages)
    requireJwkFits(data, usages, extractable, algorithm.name === 'RSA-OAEP' ? 'enc' : 'sig', jwkAlgorithm(algorithm))
    if ([data.n, data.e, ...(isPublic ? [] : [data.p, data.q, data.dp, data.dq, data.qi])].includes(undefined)) throw invalidData()
    key = keyObjectFor(reading(() => fromRsaJwk(data, isPublic)))
  }
  if (key === undefined) return undefined
  if (key.asymmetricKeyType !== 'rsa') throw dataError('Invalid key type')
  const { modulusLength, publicExponent } = key[kData].details
  return makeCryptoKey(key, { name: algorithm.name, modulusLength, publicExponent: Uint8Array.from(publicExponent), hash: algorithm.hash }, usages, extractable)
}

/** The public key that a point of a curve is. */
function fromPoint(curve, point) {
  const whole = now('convert-point', curve, point, 'uncompressed')
  const half = (whole.length - 1) / 2
  return keyObjectFor(publicData(now('from-components', { tag: 'ec', val: { curve, x: whole.subarray(1, 1 + half), y: whole.subarray(1 + half) } })))
}

/** That a private number is within the curve's order, and its point the one that came with it. */
function requirePair({ bytes }) {
  try {
    const { val: { curve, d, x, y } } = now('private-components', bytes)
    if (sameBytes(now('point-of', curve, d), Uint8Array.from([4, ...x, ...y]))) return
  } catch {}
  throw invalidData()
}

const EC_ALGORITHMS = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }

function importEc(format, data, algorithm, extractable, usages) {
  const { name, namedCurve } = algorithm
  let key = importPair(format, data, algorithm, usages)
  if (format === 'jwk') {
    requireKind(data, 'EC')
    if (data.crv !== namedCurve) throw dataError('JWK "crv" does not match the requested algorithm')
    const isPublic = data.d === undefined
    requirePairUsages(algorithm, isPublic, usages)
    requireJwkFits(data, usages, extractable, name === 'ECDH' ? 'enc' : 'sig', ...(name === 'ECDSA' ? [EC_ALGORITHMS[namedCurve]] : []))
    if (data.x === undefined || data.y === undefined) throw invalidData()
    key = keyObjectFor(reading(() => fromEcJwk(data, isPublic)))
  } else if (format === 'raw') {
    requirePairUsages(algorithm, true, usages)
    try {
      key = fromPoint(CURVES[namedCurve], data)
    } catch {
      throw invalidData()
    }
  }
  if (key === undefined) return undefined
  if (key.asymmetricKeyType !== 'ec') throw dataError('Invalid key type')
  if (key[kData].details.namedCurve !== CURVES[namedCurve]) throw dataError('Named curve mismatch')
  if (key.type === 'private') requirePair(key[kData])
  return makeCryptoKey(key, { name, namedCurve }, usages, extractable)
}

function importOctetPair(format, data, algorithm, extractable, usages) {
  const { name } = algorithm
  let key = importPair(format, data, algorithm, usages)
  if (format === 'jwk') {
    requireKind(data, 'OKP')
    if (data.crv !== name) throw dataError('JWK "crv" Parameter and algorithm name mismatch')
    const isPublic = data.d === undefined
    requireJwkFits(data, usages, extractable, name.startsWith('Ed') ? 'sig' : 'enc', ...(name.startsWith('Ed') ? [name, 'EdDSA'] : []))
    if (!isPublic && typeof data.x !== 'string') throw dataError('Invalid JWK')
    requirePairUsages(algorithm, isPublic, usages)
    key = keyObjectFor(reading(() => {
      const open = fromOctets(name, Buffer.from(data.x, 'base64'), true)
      if (isPublic) return open
      const secret = fromOctets(name, Buffer.from(data.d, 'base64'), false)
      if (!sameBytes(publicOf(secret).bytes, open.bytes)) throw Object.assign(new TypeError('Invalid JWK data'), { code: 'ERR_CRYPTO_INVALID_JWK' })
      return secret
    }))
  } else if (format === 'raw') {
    requirePairUsages(algorithm, true, usages)
    key = keyObjectFor(fromOctets(name, data, true))
  }
  if (key === undefined) return undefined
  if (key.asymmetricKeyType !== name.toLowerCase()) throw dataError('Invalid key type')
  return makeCryptoKey(key, { name }, usages, extractable)
}

function fromOctets(name, bytes, isPublic) {
  if (bytes.length !== RAW_LENGTHS[name]) throw dataError(`${name} raw keys must be exactly ${RAW_LENGTHS[name]}-bytes`)
  return fromRaw(name, bytes, isPublic)
}

/** A secret key, from bytes, JWK or an object; undefined from anything else. */
function importSecret(format, data, algorithm, extractable, usages, use) {
  if (format === 'KeyObject') return data
  if (format === 'raw') return createSecretKey(data)
  if (format !== 'jwk') return undefined
  requireKind(data, 'oct')
  requireJwkFits(data, usages, extractable, use)
  if (data.k === undefined) throw invalidData(new TypeError('Invalid JWK secret key format'))
  return createSecretKey(Buffer.from(data.k, 'base64'))
}

function requireJwkAlgorithm(format, data, expected) {
  if (format === 'jwk' && data.alg !== undefined && data.alg !== expected) throw dataError('JWK "alg" does not match the requested algorithm')
}

function importAes(format, data, algorithm, extractable, usages) {
  const { name } = algorithm
  requireUsages(usages, ['wrapKey', 'unwrapKey', ...(name === 'AES-KW' ? [] : ['encrypt', 'decrypt'])], 'an AES')
  const key = importSecret(format, data, algorithm, extractable, usages, 'enc')
  if (key === undefined) return undefined
  const length = key.symmetricKeySize * 8
  if (length !== 128 && length !== 192 && length !== 256) throw dataError('Invalid key length')
  requireJwkAlgorithm(format, data, jwkAlgorithm({ name, length }))
  return makeCryptoKey(key, { name, length }, usages, extractable)
}

function importHmac(format, data, algorithm, extractable, usages) {
  const { hash } = algorithm
  requireUsages(usages, ['sign', 'verify'], 'an HMAC')
  const key = importSecret(format, data, algorithm, extractable, usages, 'sig')
  if (key === undefined) return undefined
  requireJwkAlgorithm(format, data, jwkAlgorithm(algorithm))
  const length = key.symmetricKeySize * 8
  if (length === 0) throw dataError('Zero-length key is not supported')
  if (algorithm.length !== undefined && algorithm.length !== length) throw dataError('Invalid key length')
  return makeCryptoKey(key, { name: 'HMAC', hash, length }, usages, extractable)
}

/** What others are derived from is never given out. */
function importGeneric(format, data, { name }, extractable, usages) {
  if (extractable) throw new DOMException(`${name} keys are not extractable`, 'SyntaxError')
  requireUsages(usages, ['deriveKey', 'deriveBits'], `a ${name}`)
  if (format !== 'raw' && format !== 'KeyObject') return undefined
  return makeCryptoKey(format === 'raw' ? createSecretKey(data) : data, { name }, usages, false)
}

const IMPORTS = {
  'RSASSA-PKCS1-v1_5': importRsa, 'RSA-PSS': importRsa, 'RSA-OAEP': importRsa, ECDSA: importEc, ECDH: importEc, Ed25519: importOctetPair, X25519: importOctetPair, Ed448: importOctetPair, X448: importOctetPair,
  HMAC: importHmac, 'AES-CTR': importAes, 'AES-CBC': importAes, 'AES-GCM': importAes, 'AES-KW': importAes, HKDF: importGeneric, PBKDF2: importGeneric,
}

function requireSome(key) {
  if (key.type !== 'public' && key.usages.length === 0) throw new DOMException(`Usages cannot be empty when importing a ${key.type} key.`, 'SyntaxError')
  return key
}

/** @param {object} algorithm a normalized one */
export function importKey(format, data, algorithm, extractable, usages) {
  const key = IMPORTS[algorithm.name](format, data, algorithm, extractable, usages)
  if (key === undefined) throw new DOMException(`Unable to import ${algorithm.name} using ${format} format`, 'NotSupportedError')
  return requireSome(key)
}

/** `KeyObject.toCryptoKey`. */
export function fromKeyObject(keyObject, algorithm, extractable, usages) {
  const wanted = normalized(toIdentifier(algorithm), 'importKey')
  const isSecret = keyObject.type === 'secret'
  if (isSecret === (PAIR_USAGES[wanted.name] !== undefined)) throw unrecognized()
  return requireSome(IMPORTS[wanted.name]('KeyObject', keyObject, wanted, toBoolean(extractable), toKeyUsages(usages)))
}
