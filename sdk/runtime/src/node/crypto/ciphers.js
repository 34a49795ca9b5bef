/** `createCipheriv` and `createDecipheriv`, over the host's ciphers (`wit/ciphers.wit`). */
import { codedError, invalidArgType, requireString } from '../../errors.js'
import { Handle } from '../../handles.js'
import { callNow } from '../../host.js'
import { Buffer } from '../buffer.js'
import { asBuffer, keyBytes, toBytes } from './keys.js'
import { streamsLate } from './late_stream.js'
import { StringDecoder } from '../string_decoder.js'

/** What the host takes at once. */
const PIECE = 1 << 20
const TAG = 16

/** By name: the mode, the bytes of key and IV, OpenSSL's number, the bytes of a block, and OpenSSL's name where it is another. */
const CIPHERS = new Map()
for (const [bits, ...numbers] of [[128, 895, 419, 418, 904], [192, 898, 423, 422, 905], [256, 901, 427, 426, 906]]) {
  const [gcm, cbc, ecb, ctr] = numbers
  const [aes, keyLength] = [`aes-${bits}-`, bits / 8]
  CIPHERS.set(`${aes}gcm`, { mode: 'gcm', name: `id-aes${bits}-gcm`, nid: gcm, blockSize: 1, ivLength: 12, keyLength })
  CIPHERS.set(`${aes}cbc`, { mode: 'cbc', name: `${aes}cbc`, nid: cbc, blockSize: 16, ivLength: 16, keyLength })
  CIPHERS.set(`${aes}ecb`, { mode: 'ecb', name: `${aes}ecb`, nid: ecb, blockSize: 16, keyLength })
  CIPHERS.set(`${aes}ctr`, { mode: 'ctr', name: `${aes}ctr`, nid: ctr, blockSize: 1, ivLength: 16, keyLength })
}
CIPHERS.set('chacha20', { mode: 'stream', name: 'chacha20', nid: 1019, ivLength: 16, keyLength: 32 })
CIPHERS.set('chacha20-poly1305', { mode: 'stream', name: 'chacha20-poly1305', nid: 1018, ivLength: 12, keyLength: 32 })

/** OpenSSL's other names. */
const OTHERS = new Map([128, 192, 256].flatMap((bits) => [[`aes${bits}`, `aes-${bits}-cbc`], [`id-aes${bits}-gcm`, `aes-${bits}-gcm`]]))

export const cipherNames = [...CIPHERS.keys(), ...OTHERS.keys()].sort()

/** The host's name of a cipher, and what is known of it. */
function find(name) {
  const lower = name.toLowerCase()
  const algorithm = OTHERS.get(lower) ?? lower
  const info = CIPHERS.get(algorithm)
  return info && { algorithm, info }
}

export function getCipherInfo(nameOrNid, { keyLength, ivLength } = {}) {
  if (typeof nameOrNid !== 'string' && typeof nameOrNid !== 'number') throw invalidArgType('nameOrNid', 'of type string or number', nameOrNid)
  const info = typeof nameOrNid === 'number' ? [...CIPHERS.values()].find(({ nid }) => nid === nameOrNid) : find(nameOrNid)?.info
  if (!info) return undefined
  if (keyLength !== undefined && keyLength !== info.keyLength) return undefined
  if (ivLength !== undefined && (info.mode === 'gcm' ? ivLength < 1 : ivLength !== info.ivLength)) return undefined
  return { ...info, ...(info.ivLength !== undefined && { ivLength: ivLength ?? info.ivLength }) }
}

const invalidState = (operation) => codedError(Error, 'ERR_CRYPTO_INVALID_STATE', operation ? `Invalid state for operation ${operation}` : 'Invalid state')
const invalidTag = (length) => codedError(TypeError, 'ERR_CRYPTO_INVALID_AUTH_TAG', `Invalid authentication tag length: ${length}`)

function openssl(code, number, reason) {
  const error = new Error(`error:${number}:Provider routines::${reason}`)
  return Object.assign(error, { library: 'Provider routines', reason, code })
}

/** The error of Node's that a failed call of the host stands for. */
function faultOf(error) {
  switch (error?.payload?.tag) {
    case undefined: return error
    case 'not-authentic': return new Error('Unsupported state or unable to authenticate data')
    case 'padding': return openssl('ERR_OSSL_BAD_DECRYPT', '1C800064', 'bad decrypt')
    case 'block-length': return openssl('ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH', '1C80006B', 'wrong final block length')
    case 'state': return invalidState()
    default: return codedError(Error, 'ERR_CRYPTO_OPERATION_FAILED', String(error.payload.val ?? error.payload.tag))
  }
}

function call(name, args) {
  try {
    return callNow(`ciphers.${name}`, args)
  } catch (error) {
    throw faultOf(error)
  }
}

/** A cipher of the host's, which is made when there is data for it: an image holds what describes it. */
class HostCipher {
  #settings
  #authenticated = []
  #pads = true
  /** @type {Handle | undefined} */
  #handle

  constructor(algorithm, direction, key, iv) {
    // Whoever gave them may write over them.
    this.#settings = { algorithm, direction, key: new Uint8Array(key), iv: new Uint8Array(iv) }
  }

  get hasBegun() { return this.#handle !== undefined }

  authenticate(bytes) {
    this.#authenticated.push(new Uint8Array(bytes))
  }

  setPadding(pads) {
    this.#pads = pads
    if (this.#handle) call('[method]cipher.set-padding', [this.#opened(), pads])
  }

  update(bytes) {
    const id = this.#opened()
    if (bytes.length <= PIECE) return asBuffer(call('[method]cipher.update', [id, bytes]))
    const parts = []
    for (let at = 0; at < bytes.length; at += PIECE) parts.push(call('[method]cipher.update', [id, bytes.subarray(at, at + PIECE)]))
    return Buffer.concat(parts)
  }

  /** @returns {{output: Uint8Array, tag: Uint8Array}} */
  finish(tag) {
    const id = this.#opened()
    try {
      return call('[method]cipher.finish', [id, tag])
    } finally {
      this.#handle.close()
    }
  }

  #opened() {
    if (this.#handle === undefined) {
      this.#handle = new Handle(call('[static]cipher.open', [this.#settings]), 'ciphers.[drop]cipher')
      if (!this.#pads) call('[method]cipher.set-padding', [this.#handle.id, false])
      for (const bytes of this.#authenticated) {
        for (let at = 0; at < bytes.length; at += PIECE) call('[method]cipher.authenticate', [this.#handle.id, bytes.subarray(at, at + PIECE)])
      }
    }
    if (!this.#handle.isCurrent) throw new Error('a cipher ends with the event that began to give it data: make a new one')
    return this.#handle.id
  }
}

const kCipher = Symbol('kHandle')

/** Where a cipher stands, beside the host's part of it. */
class State {
  isFinal = false
  /** Made when encrypting, given when decrypting. */
  tag
  /** Of the text that is given out. */
  encoding

  constructor(host, algorithm, hasTag, tagLength) {
    this.host = host
    this.algorithm = algorithm
    this.hasTag = hasTag
    /** As it was asked for. */
    this.tagLength = tagLength
  }
}

const isLengthOfTag = (algorithm, length) => (algorithm === 'chacha20-poly1305' ? length >= 1 : length === 4 || length === 8 || length >= 12) && length <= TAG

/** What both classes do when they begin. */
function begin(self, direction, name, key, iv, options) {
  requireString(name, 'cipher')
  const secret = keyBytes(key, 'key', options?.encoding)
  const vector = iv === null ? new Uint8Array(0) : toBytes(iv, 'iv')
  const tagLength = options?.authTagLength
  if (tagLength !== undefined && tagLength !== null && !(Number.isInteger(tagLength) && tagLength >= 0)) {
    throw codedError(TypeError, 'ERR_INVALID_ARG_VALUE', `The property 'options.authTagLength' is invalid. Received ${typeof tagLength === 'string' ? `'${tagLength}'` : String(tagLength)}`)
  }
  const found = find(name)
  if (!found) throw codedError(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', `Unknown cipher: ${name}. Roost has ${[...CIPHERS.keys()].join(', ')}.`)
  const { algorithm, info } = found
  const hasTag = info.mode === 'gcm' || algorithm === 'chacha20-poly1305'
  if (secret.length !== info.keyLength) throw codedError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length')
  if (info.mode === 'gcm' ? vector.length === 0 : vector.length !== (info.ivLength ?? 0)) throw codedError(TypeError, 'ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector')
  if (hasTag && typeof tagLength === 'number' && !isLengthOfTag(algorithm, tagLength)) throw invalidTag(tagLength)
  self._decoder = null
  self._options = options
  self[kCipher] = new State(new HostCipher(algorithm, direction, secret, vector), algorithm, hasTag, tagLength ?? undefined)
}

export function Cipheriv(cipher, key, iv, options) {
  if (!(this instanceof Cipheriv)) return new Cipheriv(cipher, key, iv, options)
  begin(this, 'encrypt', cipher, key, iv, options)
}

export function Decipheriv(cipher, key, iv, options) {
  if (!(this instanceof Decipheriv)) return new Decipheriv(cipher, key, iv, options)
  begin(this, 'decrypt', cipher, key, iv, options)
}

/** The text of bytes, where text is asked for. */
function decoded(self, encoding, bytes, isLast) {
  if (!encoding || encoding === 'buffer') return bytes
  const state = self[kCipher]
  if (state.encoding !== encoding) {
    const decoder = new StringDecoder(encoding)
    self._decoder ??= decoder
    if (self._decoder.encoding !== decoder.encoding) throw codedError(Error, 'ERR_INTERNAL_ASSERTION', 'Cannot change encoding')
    state.encoding = encoding
  }
  return isLast ? self._decoder.end(bytes) : self._decoder.write(bytes)
}

const shared = {
  update(data, inputEncoding, outputEncoding) {
    const bytes = toBytes(data, 'data', inputEncoding ?? undefined, 'of type string or an instance of Buffer, TypedArray, or DataView')
    if (this[kCipher].isFinal) throw new Error('Trying to add data in unsupported state')
    return decoded(this, outputEncoding, this[kCipher].host.update(bytes), false)
  },
  final(outputEncoding) {
    const state = this[kCipher]
    if (state.isFinal) throw invalidState()
    state.isFinal = true
    const { output, tag } = state.host.finish(this instanceof Decipheriv ? state.tag : undefined)
    if (this instanceof Cipheriv && state.hasTag) state.tag = asBuffer(tag).subarray(0, state.tagLength ?? TAG)
    return decoded(this, outputEncoding, asBuffer(output), true)
  },
  setAutoPadding(pads = true) {
    if (this[kCipher].isFinal) throw invalidState('setAutoPadding')
    this[kCipher].host.setPadding(Boolean(pads))
    return this
  },
  setAAD(data, options) {
    const state = this[kCipher]
    const bytes = toBytes(data, 'aadbuf', options?.encoding)
    if (!state.hasTag || state.isFinal || state.host.hasBegun) throw invalidState('setAAD')
    state.host.authenticate(bytes)
    return this
  },
  _transform(chunk, encoding, callback) {
    try {
      this.push(this.update(chunk, encoding))
    } catch (error) {
      return callback(error)
    }
    callback()
  },
  _flush(callback) {
    try {
      this.push(this.final())
    } catch (error) {
      return callback(error)
    }
    callback()
  },
}
for (const Class of [Cipheriv, Decipheriv]) {
  streamsLate(Class.prototype)
  Object.assign(Class.prototype, shared)
}

Cipheriv.prototype.getAuthTag = function getAuthTag() {
  const { tag, isFinal } = this[kCipher]
  if (!isFinal || tag === undefined) throw invalidState('getAuthTag')
  return Buffer.from(tag)
}

Decipheriv.prototype.setAuthTag = function setAuthTag(tag, encoding) {
  const state = this[kCipher]
  const bytes = toBytes(tag, 'buffer', encoding)
  if (!state.hasTag || state.isFinal || state.tag !== undefined) throw invalidState('setAuthTag')
  // A tag that is shorter than what was asked for would be easier to forge.
  const expected = state.tagLength ?? (state.algorithm === 'chacha20-poly1305' ? TAG : bytes.length)
  if (bytes.length !== expected || !isLengthOfTag(state.algorithm, bytes.length)) throw invalidTag(bytes.length)
  state.tag = new Uint8Array(bytes)
  return this
}

export const createCipheriv = (cipher, key, iv, options) => new Cipheriv(cipher, key, iv, options)
export const createDecipheriv = (cipher, key, iv, options) => new Decipheriv(cipher, key, iv, options)
