/**
 * `node:crypto`. What many bots need is evaluated with this file: digests, MACs, ciphers, key derivation and random
 * numbers. What is done with public keys is evaluated when it is first asked for.
 */
import { codedError, nativeError, requireString } from '../errors.js'
import { restoreNames } from '../modules.js'
import { invalidArgValue } from '../validators.js'
import { cipherNames, getCipherInfo } from './crypto/cipher_names.js'
import { Cipheriv, Decipheriv, createCipheriv, createDecipheriv } from './crypto/ciphers.js'
import { constants } from './crypto/constants.js'
import { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync } from './crypto/derivation.js'
import { Hash, Hmac, hash, hashNames } from './crypto/hashes.js'
import { KeyObject, createSecretKey, sameBytes, toBytes } from './crypto/keys.js'
import { randomBytes, randomFill, randomFillSync, randomInt, randomUUID } from './crypto/random.js'
import { deprecate } from './util.js'

export { randomUUID }

export function timingSafeEqual(a, b) {
  const x = comparable(a, 'buf1')
  const y = comparable(b, 'buf2')
  if (x.length !== y.length) {
    throw nativeError(RangeError, 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length')
  }
  return sameBytes(x, y)
}

function comparable(value, name) {
  if (!ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer)) throw codedError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "${name}" argument must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView.`)
  return value instanceof Uint8Array ? value : toBytes(value, name)
}

/** Engines are code of others, which nothing loads here. */
function setEngine(id, flags) {
  requireString(id, 'id')
  if (flags && typeof flags !== 'number') throw invalidArgValue('flags', flags)
  throw codedError(Error, 'ERR_CRYPTO_ENGINE_UNKNOWN', `Engine "${id}" was not found`)
}

/** What FIPS 140 asks for is of a module that was examined, and this one was not. */
function setFips(isOn) {
  if (isOn) throw codedError(Error, 'ERR_CRYPTO_FIPS_UNAVAILABLE', 'Cannot set FIPS mode in a non-FIPS build.')
}

const crypto = {
  createCipheriv, createDecipheriv,
  createHash: (algorithm, options) => new Hash(algorithm, options),
  createHmac: (algorithm, key, options) => new Hmac(algorithm, key, options),
  createSecretKey,
  getCiphers: () => [...cipherNames],
  getCipherInfo,
  getHashes: () => [...hashNames],
  hkdf, hkdfSync, pbkdf2, pbkdf2Sync,
  randomBytes, randomFill, randomFillSync, randomInt, randomUUID, scrypt, scryptSync, setEngine, timingSafeEqual,
  getFips: () => 0,
  setFips, hash, Cipheriv, Decipheriv, KeyObject,
  Hash: deprecate(Hash, 'crypto.Hash constructor is deprecated.', 'DEP0179'),
  Hmac: deprecate(Hmac, 'crypto.Hmac constructor is deprecated.', 'DEP0181'),
  secureHeapUsed: () => ({ total: 0, used: 0, utilization: 0, min: 0 }),
}

/** By the file that has them: evaluated at the first use of any of them. */
const LATE = [
  [() => require('./crypto/key_forms.js'), ['createPublicKey', 'createPrivateKey']],
  [() => require('./crypto/signatures.js'), ['createSign', 'createVerify', 'sign', 'verify', 'Sign', 'Verify']],
  [() => require('./crypto/rsa.js'), ['publicEncrypt', 'privateDecrypt', 'privateEncrypt', 'publicDecrypt']],
  [() => require('./crypto/generation.js'), ['generateKeyPair', 'generateKeyPairSync', 'generateKey', 'generateKeySync']],
  [() => require('./crypto/diffie_hellman.js'), ['createECDH', 'createDiffieHellman', 'createDiffieHellmanGroup', 'getDiffieHellman', 'diffieHellman', 'ECDH', 'DiffieHellman', 'DiffieHellmanGroup']],
  [() => require('./crypto/primes.js'), ['generatePrime', 'generatePrimeSync', 'checkPrime', 'checkPrimeSync']],
  [() => require('./crypto/x509.js'), ['X509Certificate']],
  [() => require('./crypto/spkac.js'), ['Certificate']],
  [() => require('./crypto/curves.js'), ['getCurves']],
]

for (const [load, names] of LATE) {
  for (const name of names) {
    const define = (value) => Object.defineProperty(crypto, name, { value, writable: true, enumerable: true, configurable: true })
    Object.defineProperty(crypto, name, {
      enumerable: true, configurable: true, set: define,
      get() {
        const value = load()[name]
        restoreNames({ [name]: value })
        define(value)
        return value
      },
    })
  }
}

const isFixed = { enumerable: true, configurable: false }
Object.defineProperties(crypto, {
  fips: { get: () => 0, set: setFips, configurable: true },
  constants: { value: constants, ...isFixed },
  webcrypto: { get: () => globalThis.crypto, ...isFixed },
  subtle: { get: () => globalThis.crypto.subtle, ...isFixed },
  getRandomValues: { get: () => getRandomValues, ...isFixed },
  ...Object.fromEntries(['prng', 'pseudoRandomBytes', 'rng'].map((name) => [name, { value: randomBytes, writable: true, configurable: true, enumerable: false }])),
})

function getRandomValues(array) { return globalThis.crypto.getRandomValues(array) }

export default crypto
