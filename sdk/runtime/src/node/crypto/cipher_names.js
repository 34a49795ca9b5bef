/** The ciphers, their names and what holds of them. */
import { invalidArgType, nativeError } from '../../errors.js'
import { requireInt32, requireObject } from '../../validators.js'

/** By name: the mode, the bytes of key and IV, OpenSSL's number, the bytes of a block, and OpenSSL's name where it is another. */
export const CIPHERS = new Map()
for (const [bits, ...numbers] of [[128, 895, 419, 418, 904], [192, 898, 423, 422, 905], [256, 901, 427, 426, 906]]) {
  const [gcm, cbc, ecb, ctr] = numbers
  const [aes, keyLength] = [`aes-${bits}-`, bits / 8]
  CIPHERS.set(`${aes}gcm`, { mode: 'gcm', name: `id-aes${bits}-gcm`, nid: gcm, blockSize: 1, ivLength: 12, keyLength })
  CIPHERS.set(`${aes}cbc`, { mode: 'cbc', name: `${aes}cbc`, nid: cbc, blockSize: 16, ivLength: 16, keyLength })
  CIPHERS.set(`${aes}ecb`, { mode: 'ecb', name: `${aes}ecb`, nid: ecb, blockSize: 16, keyLength })
  CIPHERS.set(`${aes}ctr`, { mode: 'ctr', name: `${aes}ctr`, nid: ctr, blockSize: 1, ivLength: 16, keyLength })
}
for (const [bits, ccm, wrap, wrapPad, ocb] of [[128, 896, 788, 897, 958], [192, 899, 789, 900, 959], [256, 902, 790, 903, 960]]) {
  const keyLength = bits / 8
  CIPHERS.set(`aes-${bits}-ccm`, { mode: 'ccm', name: `id-aes${bits}-ccm`, nid: ccm, blockSize: 1, ivLength: 12, keyLength })
  CIPHERS.set(`aes-${bits}-ocb`, { mode: 'ocb', name: `aes-${bits}-ocb`, nid: ocb, blockSize: 16, ivLength: 12, keyLength })
  CIPHERS.set(`aes${bits}-wrap`, { mode: 'wrap', name: `id-aes${bits}-wrap`, nid: wrap, blockSize: 8, ivLength: 8, keyLength })
  CIPHERS.set(`aes${bits}-wrap-pad`, { mode: 'wrap', name: `id-aes${bits}-wrap-pad`, nid: wrapPad, blockSize: 8, ivLength: 4, keyLength })
}
CIPHERS.set('chacha20', { mode: 'stream', name: 'chacha20', nid: 1019, ivLength: 16, keyLength: 32 })
CIPHERS.set('chacha20-poly1305', { mode: 'stream', name: 'chacha20-poly1305', nid: 1018, ivLength: 12, keyLength: 32 })

CIPHERS.set('des-ede3-cbc', { mode: 'cbc', name: 'des-ede3-cbc', nid: 44, blockSize: 8, ivLength: 8, keyLength: 24 })
CIPHERS.set('des-ede3-ecb', { mode: 'ecb', name: 'des-ede3', nid: 33, blockSize: 8, keyLength: 24 })
CIPHERS.set('des3-wrap', { mode: 'wrap', name: 'id-smime-alg-cms3deswrap', nid: 246, blockSize: 8, keyLength: 24 })

/** OpenSSL's other names. */
const OTHERS = new Map([128, 192, 256].flatMap((bits) => [
  [`aes${bits}`, `aes-${bits}-cbc`], [`id-aes${bits}-GCM`, `aes-${bits}-gcm`], [`id-aes${bits}-CCM`, `aes-${bits}-ccm`],
  [`id-aes${bits}-wrap`, `aes${bits}-wrap`], [`id-aes${bits}-wrap-pad`, `aes${bits}-wrap-pad`],
]).concat([['des3', 'des-ede3-cbc'], ['des-ede3', 'des-ede3-ecb'], ['id-smime-alg-CMS3DESwrap', 'des3-wrap']]))
const LOWER = new Map([...OTHERS].map(([other, name]) => [other.toLowerCase(), name]))

export const cipherNames = [...CIPHERS.keys(), ...OTHERS.keys()].sort()

/** Ciphers that Node has beside these. */
const OF_NODE_ALONE = /^(aes-\d+-(cfb[18]?|ofb|xts|cbc-hmac-sha\d+)|(aria|camellia)-?\d+(-\w+)?|des-ede3?(-\w+)?|sm4(-\w+)?)$/i

/** What is wrong with a name that `find` does not know. */
export function unknownCipher(name) {
  const missing = OF_NODE_ALONE.test(name) ? `: Roost does not have ${name}. It has ${[...CIPHERS.keys()].join(', ')}.` : ''
  return nativeError(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', `Unknown cipher${missing}`)
}

/** The longest IV of GCM, as OpenSSL has it. */
export const MOST_IV = 128

/** The least and the most bytes that an IV may have. */
export function ivBounds({ mode, ivLength = 0 }) {
  switch (mode) {
    case 'gcm': return [1, MOST_IV]
    case 'ccm': return [7, 13]
    case 'ocb': return [1, 15]
    default: return [ivLength, ivLength]
  }
}

/** The name of a cipher in lower case, and what is known of it. */
export function find(name) {
  const lower = name.toLowerCase()
  const algorithm = LOWER.get(lower) ?? lower
  const info = CIPHERS.get(algorithm)
  return info && { algorithm, info }
}

export function getCipherInfo(nameOrNid, options) {
  if (typeof nameOrNid !== 'string' && typeof nameOrNid !== 'number') throw invalidArgType('nameOrNid', 'one of type string or number', nameOrNid)
  if (typeof nameOrNid === 'number') requireInt32(nameOrNid, 'nameOrNid')
  if (options !== undefined) requireObject(options, 'options')
  const { keyLength, ivLength } = options ?? {}
  if (keyLength !== undefined) requireInt32(keyLength, 'options.keyLength')
  if (ivLength !== undefined) requireInt32(ivLength, 'options.ivLength')
  const info = typeof nameOrNid === 'number' ? [...CIPHERS.values()].find(({ nid }) => nid === nameOrNid) : find(nameOrNid)?.info
  if (!info) return undefined
  if (keyLength !== undefined && keyLength !== info.keyLength) return undefined
  const [least, most] = ivBounds(info)
  if (ivLength !== undefined && !(ivLength >= least && ivLength <= most)) return undefined
  return { ...info, ...(info.ivLength !== undefined && { ivLength: ivLength ?? info.ivLength }) }
}
