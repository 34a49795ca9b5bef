/** The algorithms of `crypto.subtle`: which there are for what, and what they are called elsewhere. */
import { invalidArgType } from '../../errors.js'
import { DOMException } from '../dom_exception.js'
import { parametersOf, toAlgorithm } from './converters.js'

const each = (names, parameters) => Object.fromEntries(names.map((name) => [name, parameters]))

const RSA_SIGNING = ['RSASSA-PKCS1-v1_5', 'RSA-PSS']
const RSA = [...RSA_SIGNING, 'RSA-OAEP']
const EC = ['ECDSA', 'ECDH']
const OCTET_PAIRS = ['Ed25519', 'X25519', 'Ed448', 'X448']
/** Those that are warned of, once each. */
const EXPERIMENTAL = new Set(['Ed448', 'X448'])
const AES_TEXT = ['AES-CTR', 'AES-CBC', 'AES-GCM']
const AES = [...AES_TEXT, 'AES-KW']
const DERIVING = ['HKDF', 'PBKDF2']

const signing = { 'RSASSA-PKCS1-v1_5': null, 'RSA-PSS': 'RsaPssParams', ECDSA: 'EcdsaParams', HMAC: null, Ed25519: null, Ed448: 'Ed448Params' }
const ciphering = { 'RSA-OAEP': 'RsaOaepParams', 'AES-CBC': 'AesCbcParams', 'AES-GCM': 'AesGcmParams', 'AES-CTR': 'AesCtrParams' }

/** By what is done: the algorithms, and which parameters they take. */
const SUPPORTED = {
  digest: each(['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'], null),
  generateKey: { ...each(RSA, 'RsaHashedKeyGenParams'), ...each(EC, 'EcKeyGenParams'), ...each(AES, 'AesKeyGenParams'), HMAC: 'HmacKeyGenParams', ...each(OCTET_PAIRS, null) },
  exportKey: each([...RSA, ...EC, 'HMAC', ...AES, ...OCTET_PAIRS], null),
  importKey: { ...each(RSA, 'RsaHashedImportParams'), ...each(EC, 'EcKeyImportParams'), HMAC: 'HmacImportParams', ...each([...DERIVING, ...AES, ...OCTET_PAIRS], null) },
  sign: signing,
  verify: signing,
  encrypt: ciphering,
  decrypt: ciphering,
  wrapKey: { 'AES-KW': null },
  unwrapKey: { 'AES-KW': null },
  deriveBits: { HKDF: 'HkdfParams', PBKDF2: 'Pbkdf2Params', ...each(['ECDH', 'X25519', 'X448'], 'EcdhKeyDeriveParams') },
  'get key length': { ...each(AES, 'AesDerivedKeyParams'), HMAC: 'HmacImportParams', ...each(DERIVING, null) },
}

const where = { prefix: 'Failed to normalize algorithm', context: 'passed algorithm' }

export const unrecognized = () => new DOMException('Unrecognized algorithm name', 'NotSupportedError')

/** An algorithm as it was asked for, with its proper name, its parameters converted and its bytes copied. */
export function normalized(algorithm, operation) {
  if (typeof algorithm === 'string') return normalized({ name: algorithm }, operation)
  const given = toAlgorithm(algorithm, where).name
  const name = Object.keys(SUPPORTED[operation]).find((one) => one.toUpperCase() === given.toUpperCase())
  if (name === undefined) throw unrecognized()
  if (EXPERIMENTAL.delete(name)) process.emitWarning(`The ${name} Web Crypto API algorithm is an experimental feature and might change at any time`, 'ExperimentalWarning')
  const parameters = SUPPORTED[operation][name]
  if (parameters === null) return { name }
  const made = parametersOf[parameters](algorithm, where)
  made.name = name
  if (made.hash !== undefined) made.hash = normalized(made.hash, 'digest')
  return made
}

export function mayBe(algorithm, operation) {
  return SUPPORTED[operation][algorithm.name] !== undefined
}

/** A hash's name in `node:crypto`. */
export const digestName = ({ name }) => name.replace('-', '').toLowerCase()

/** The bits of a block, which are those of a new HMAC key. */
export const blockBits = ({ name }) => (name === 'SHA-1' || name === 'SHA-256' ? 512 : 1024)
export const digestBytes = ({ name }) => ({ 'SHA-1': 20, 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 })[name]

/** The name that JWK has for what a key is used with, where it has one. */
export function jwkAlgorithm({ name, length, hash }) {
  switch (name) {
    case 'RSASSA-PKCS1-v1_5': return `RS${hash.name.slice(4)}`
    case 'RSA-PSS': return `PS${hash.name.slice(4)}`
    case 'RSA-OAEP': return hash.name === 'SHA-1' ? name : `${name}-${hash.name.slice(4)}`
    case 'HMAC': return `HS${hash.name.slice(4)}`
    case 'Ed25519': case 'Ed448': return name
    default: return name.startsWith('AES') ? `A${length}${name.slice(4)}` : undefined
  }
}

const OPERATIONS = ['sign', 'verify', 'encrypt', 'decrypt', 'wrapKey', 'unwrapKey', 'deriveKey', 'deriveBits']

const dataError = (message, cause) => new DOMException(message, cause === undefined ? 'DataError' : { name: 'DataError', cause })

/** The error for key data that cannot be read. */
export const invalidData = (cause) => dataError('Invalid keyData', cause)

/** Whether a JWK is for what it is imported for; `use` is what it must be for if it says so, `alg` likewise. */
export function requireJwkFits(jwk, usages, extractable, use, ...algs) {
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) throw dataError('Invalid JWK "use" Parameter')
  requireOperations(jwk.key_ops, usages)
  if (jwk.ext === false && extractable === true) throw dataError('JWK "ext" Parameter and extractable mismatch')
  if (algs.length > 0 && jwk.alg !== undefined && !algs.includes(jwk.alg)) throw dataError('JWK "alg" does not match the requested algorithm')
}

function requireOperations(operations, usages) {
  if (operations === undefined) return
  if (!Array.isArray(operations)) throw invalidArgType('keyData.key_ops', 'an instance of Array', operations)
  const known = operations.filter((one) => OPERATIONS.includes(one))
  if (new Set(known).size < known.length) throw dataError('Duplicate key operation')
  if (usages.some((usage) => !operations.includes(usage))) throw dataError('Key operations and usage mismatch')
}

export function requireKind(jwk, kind) {
  if (!jwk.kty) throw invalidData()
  if (jwk.kty !== kind) throw dataError('Invalid JWK "kty" Parameter')
}

/** Refuses usages that are not among the allowed; `key` says of what. */
export function requireUsages(usages, allowed, key) {
  if (usages.some((usage) => !allowed.includes(usage))) throw new DOMException(`Unsupported key usage for ${key} key`, 'SyntaxError')
}

/** What fails within an algorithm is told as little of as the web does; the reason is the cause. */
export function failed(cause) {
  return new DOMException('The operation failed for an operation-specific reason', cause === undefined ? 'OperationError' : { name: 'OperationError', cause })
}

export { dataError }
export const invalidAccess = (message) => new DOMException(message, 'InvalidAccessError')
export const operationError = (message) => new DOMException(message, 'OperationError')
