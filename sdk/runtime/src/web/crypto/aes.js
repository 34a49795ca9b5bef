/** AES of `crypto.subtle`: what is encrypted at once, and what is wrapped. */
import { Buffer } from '../../node/buffer.js'
import { MOST_IV } from '../../node/crypto/cipher_names.js'
import { createCipheriv, createDecipheriv } from '../../node/crypto/ciphers.js'
import { kData, kKeyObject } from '../../node/crypto/keys.js'
import { failed, operationError } from './algorithms.js'

const BLOCK = 16
/** What GCM's IV has at least here. */
const LEAST_IV = 12

const secretOf = (key) => key[kKeyObject][kData].bytes

function makeCipher(isEncrypting, key, mode, iv, options) {
  const secret = secretOf(key)
  return (isEncrypting ? createCipheriv : createDecipheriv)(`aes-${secret.length * 8}-${mode}`, secret, iv, options)
}

/** AES-GCM has its tag at the end. */
function gcm(isEncrypting, key, data, { iv, additionalData, tagLength = 128 }) {
  if (iv.byteLength < LEAST_IV || iv.byteLength > MOST_IV) throw failed()
  const length = tagLength / 8
  if (!isEncrypting && data.length < length) throw operationError('The provided data is too small.')
  const cipher = makeCipher(isEncrypting, key, 'gcm', iv, { authTagLength: length })
  if (additionalData !== undefined) cipher.setAAD(additionalData)
  if (isEncrypting) return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()])
  cipher.setAuthTag(data.subarray(data.length - length))
  return Buffer.concat([cipher.update(data.subarray(0, data.length - length)), cipher.final()])
}

function cbc(isEncrypting, key, data, { iv }) {
  const cipher = makeCipher(isEncrypting, key, 'cbc', iv)
  return Buffer.concat([cipher.update(data), cipher.final()])
}

/** AES-CTR, whose counter is the last bits of its block only: where that begins anew, so does the cipher. */
function ctr(isEncrypting, key, data, { counter, length }) {
  const first = BigInt(`0x${Buffer.from(counter).toString('hex')}`)
  const values = 1n << BigInt(length)
  const left = values - (first & (values - 1n))
  if (BigInt(Math.ceil(data.length / BLOCK)) > values) throw failed()
  const before = left > BigInt(data.length) ? data.length : Math.min(data.length, Number(left) * BLOCK)
  const run = (iv, part) => {
    const cipher = makeCipher(isEncrypting, key, 'ctr', iv)
    return [cipher.update(part), cipher.final()]
  }
  const anew = Buffer.from((first - (first & (values - 1n))).toString(16).padStart(2 * BLOCK, '0'), 'hex')
  return Buffer.concat([...run(counter, data.subarray(0, before)), ...(before < data.length ? run(anew, data.subarray(before)) : [])])
}

const WRAP_IV = new Uint8Array(8).fill(0xa6)

function kw(isEncrypting, key, data) {
  const secret = secretOf(key)
  const cipher = (isEncrypting ? createCipheriv : createDecipheriv)(`aes${secret.length * 8}-wrap`, secret, WRAP_IV)
  return Buffer.concat([cipher.update(data), cipher.final()])
}

const MODES = { 'AES-GCM': gcm, 'AES-CBC': cbc, 'AES-CTR': ctr, 'AES-KW': kw }

export function aesCipher(isEncrypting, key, data, algorithm) {
  return MODES[algorithm.name](isEncrypting, key, data, algorithm)
}
