/** `exportKey`. */
import { now } from '../../node/crypto/host_keys.js'
import { toJwk } from '../../node/crypto/key_forms.js'
import { kData, kKeyObject } from '../../node/crypto/keys.js'
import { DOMException } from '../dom_exception.js'
import { jwkAlgorithm, mayBe } from './algorithms.js'

const arrayBuffer = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)

/** A public key's bytes alone, as its kind has them; undefined where it has none. */
function rawPublic(key) {
  if (key.algorithm.name.startsWith('RSA')) return undefined
  const { tag, val } = now('public-components', key[kKeyObject][kData].bytes)
  return tag === 'ec' ? Uint8Array.from([4, ...val.x, ...val.y]) : val.x
}

function bytesOf(format, key) {
  const { bytes } = key[kKeyObject][kData]
  if (format === 'raw') return key.type === 'secret' ? bytes : key.type === 'public' ? rawPublic(key) : undefined
  const type = { spki: 'public', pkcs8: 'private' }[format]
  return type === key.type ? bytes : undefined
}

function jwkOf(key) {
  const { usages, extractable, algorithm } = key
  const alg = jwkAlgorithm(algorithm)
  const data = key[kKeyObject][kData]
  const own = data.type === 'secret' ? key[kKeyObject].export({ format: 'jwk' }) : toJwk(data)
  return { key_ops: usages, ext: extractable, ...(alg !== undefined && { alg }), ...own }
}

export function exportKey(format, key) {
  if (!mayBe(key.algorithm, 'exportKey')) throw new DOMException(`${key.algorithm.name} key export is not supported`, 'NotSupportedError')
  if (!key.extractable) throw new DOMException('key is not extractable', 'InvalidAccessException')
  if (format === 'jwk') return jwkOf(key)
  const bytes = bytesOf(format, key)
  if (bytes === undefined) throw new DOMException(`Unable to export ${key.algorithm.name} ${key.type} key using ${format} format`, 'NotSupportedError')
  return arrayBuffer(bytes)
}
