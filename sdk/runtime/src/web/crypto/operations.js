/** What `crypto.subtle` does with keys: signatures, encryption, and what is derived. */
import { derive, hkdfSync } from '../../node/crypto/derivation.js'
import { agree } from '../../node/crypto/diffie_hellman.js'
import { Hmac, hashOf } from '../../node/crypto/hashes.js'
import { later, now } from '../../node/crypto/host_keys.js'
import { kData, kKeyObject, sameBytes } from '../../node/crypto/keys.js'
import { requireInt32 } from '../../validators.js'
import { DOMException } from '../dom_exception.js'
import { aesCipher } from './aes.js'
import { digestBytes, digestName, failed, invalidAccess, operationError, unrecognized } from './algorithms.js'
import { requireShort } from './converters.js'

export const arrayBuffer = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)

const dataOf = (key) => key[kKeyObject][kData]

/** What fails within is told by its cause alone. */
async function within(work) {
  try {
    return await work()
  } catch (error) {
    throw error instanceof DOMException ? error : failed(error)
  }
}

function pssSigning({ modulusLength, hash }, saltLength) {
  requireInt32(saltLength, 'algorithm.saltLength', 0, Math.ceil((modulusLength - 1) / 8) - digestBytes(hash) - 2)
  return { padding: 'pss', saltLength: { tag: 'bytes', val: saltLength } }
}

/** What is signed, and how. */
function signingOf(key, data, algorithm) {
  const { name } = key.algorithm
  if (name.startsWith('Ed')) return [{ tag: 'data', val: data }, { encoding: 'der' }]
  const digest = digestName(name === 'ECDSA' ? algorithm.hash : key.algorithm.hash)
  const more = name === 'RSA-PSS' ? pssSigning(key.algorithm, algorithm.saltLength) : name === 'ECDSA' ? {} : { padding: 'pkcs1' }
  return [{ tag: 'digest', val: hashOf(digest)(data) }, { digest, encoding: 'ieee-p1363', ...more }]
}

const macOf = (key, data) => new Hmac(digestName(key.algorithm.hash), key[kKeyObject]).update(data).digest()

/** Signs, or looks at a signature if there is one. */
export async function signVerify(algorithm, key, data, signature) {
  const usage = signature === undefined ? 'sign' : 'verify'
  const { name } = algorithm
  if (!key.usages.includes(usage) || name !== key.algorithm.name) throw invalidAccess(`Unable to use this key to ${usage}`)
  if (name === 'HMAC') {
    return within(() => (signature === undefined ? arrayBuffer(macOf(key, data)) : sameBytes(macOf(key, data), signature)))
  }
  const type = usage === 'sign' ? 'private' : 'public'
  if (key.type !== type) throw invalidAccess(`Key must be a ${type} key`)
  return within(async () => {
    const [message, signing] = signingOf(key, data, algorithm)
    const { bytes } = dataOf(key)
    return usage === 'sign' ? arrayBuffer(await later('sign', bytes, message, signing)) : now('verify', bytes, message, signature, signing)
  })
}

async function oaep(isEncrypting, key, data, { label }) {
  if (label !== undefined) requireShort({ byteLength: label.length }, 'algorithm.label')
  if (key.type !== (isEncrypting ? 'public' : 'private')) throw invalidAccess('The requested operation is not valid for the provided key')
  const padding = { tag: 'oaep', val: { digest: digestName(key.algorithm.hash), label: label ?? new Uint8Array(0) } }
  const { bytes } = dataOf(key)
  return isEncrypting ? now('encrypt', bytes, data, padding) : later('decrypt', bytes, data, padding)
}

/** @param {'encrypt' | 'decrypt' | 'wrapKey' | 'unwrapKey'} usage */
export async function cipher(usage, algorithm, key, data) {
  if (key.algorithm.name !== algorithm.name || !key.usages.includes(usage)) throw invalidAccess('The requested operation is not valid for the provided key')
  requireShort({ byteLength: data.length }, 'data')
  const isEncrypting = usage === 'encrypt' || usage === 'wrapKey'
  if (algorithm.name === 'RSA-OAEP') return within(async () => arrayBuffer(await oaep(isEncrypting, key, data, algorithm)))
  if (algorithm.name === 'AES-KW' && !usage.endsWith('rapKey')) throw unrecognized()
  return within(() => arrayBuffer(aesCipher(isEncrypting, key, data, algorithm)))
}

/** The first bits of a secret that two keys share. */
async function sharedBits({ public: open }, key, length) {
  if (key.type !== 'private') throw invalidAccess('baseKey must be a private key')
  if (open.algorithm.name !== key.algorithm.name) throw invalidAccess('The public and private keys must be of the same type')
  if (open.algorithm.namedCurve !== key.algorithm.namedCurve) throw invalidAccess('Named curve mismatch')
  const bits = await within(() => agree(dataOf(key), dataOf(open)))
  if (length === null) return arrayBuffer(bits)
  const count = Math.ceil(length / 8)
  if (bits.length < count) throw operationError('derived bit length is too small')
  const made = bits.slice(0, count)
  if (length % 8 !== 0) made[count - 1] &= 0xff << (8 - (length % 8))
  return arrayBuffer(made)
}

async function stretchedBits({ name, hash, salt, info, iterations }, key, length) {
  if (length === null) throw operationError('length cannot be null')
  if (length % 8 !== 0) throw operationError('length must be a multiple of 8')
  if (length === 0) return new ArrayBuffer(0)
  return within(async () => {
    if (name === 'HKDF') return hkdfSync(digestName(hash), key[kKeyObject], salt, info, length / 8)
    return arrayBuffer(await derive('pbkdf2', [digestName(hash), dataOf(key).bytes, salt, iterations, length / 8]))
  })
}

/** @param {number | null} length in bits; null: all there are */
export async function deriveBits(algorithm, key, length) {
  const isShared = ['ECDH', 'X25519', 'X448'].includes(algorithm.name)
  return (isShared ? sharedBits : stretchedBits)(algorithm, key, length)
}

export async function digest(algorithm, data) {
  requireShort({ byteLength: data.length }, 'data')
  return within(() => arrayBuffer(hashOf(digestName(algorithm))(data)))
}
