/** `createCipheriv` and `createDecipheriv`, over the host's ciphers (`wit/ciphers.wit`). */
import { codedError, nativeError, requireString } from '../../errors.js'
import { invalidArgValue } from '../../validators.js'
import { Buffer } from '../buffer.js'
import { find, ivBounds, unknownCipher } from './cipher_names.js'
import { HostCipher, invalidState } from './host_cipher.js'
import { asBuffer, dataBytes, keyBytes, toBytes } from './keys.js'
import { streamsLate } from './late_stream.js'
import { StringDecoder } from '../string_decoder.js'

const TAG = 16

const invalidTag = (length) => nativeError(TypeError, 'ERR_CRYPTO_INVALID_AUTH_TAG', `Invalid authentication tag length: ${length}`)

const kCipher = Symbol('kHandle')

/** Where a cipher stands, beside the host's part of it. */
class State {
  isFinal = false
  /** Made when encrypting, given when decrypting. */
  tag
  /** Of the text that is given out. */
  encoding

  constructor(host, info, hasTag, tagLength) {
    this.host = host
    this.info = info
    this.hasTag = hasTag
    /** As it was asked for. */
    this.tagLength = tagLength
  }
}

function isLengthOfTag({ mode }, length) {
  if (mode === 'ccm') return length >= 4 && length <= TAG && length % 2 === 0
  return (mode === 'gcm' ? length === 4 || length === 8 || length >= 12 : length >= 1) && length <= TAG
}

/** Modes that are made of the host's: evaluated when they are first asked for. */
const composed = (mode) => ['ccm', 'ocb', 'wrap', 'des3-wrap'].includes(mode) && require('./composed_ciphers.js').MODES[mode]

/** What both classes do when they begin. */
function begin(self, direction, name, key, iv, options) {
  requireString(name, 'cipher')
  const secret = keyBytes(key, 'key', options?.encoding)
  const vector = iv === null ? new Uint8Array(0) : toBytes(iv, 'iv')
  const tagLength = options?.authTagLength ?? undefined
  if (tagLength !== undefined && tagLength >>> 0 !== tagLength) throw invalidArgValue('options.authTagLength', tagLength)
  const found = find(name)
  if (!found) throw unknownCipher(name)
  const { algorithm, info } = found
  const hasTag = ['gcm', 'ccm', 'ocb'].includes(info.mode) || algorithm === 'chacha20-poly1305'
  if (secret.length !== info.keyLength) throw nativeError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length')
  const [least, most] = ivBounds(info)
  if (vector.length < least || vector.length > most) throw nativeError(TypeError, 'ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector')
  if (tagLength === undefined && (info.mode === 'ccm' || info.mode === 'ocb')) throw nativeError(TypeError, 'ERR_CRYPTO_INVALID_AUTH_TAG', `authTagLength required for ${name}`)
  if (hasTag && tagLength !== undefined && !isLengthOfTag(info, tagLength)) throw invalidTag(tagLength)
  const Made = composed(algorithm === 'des3-wrap' ? algorithm : info.mode) || HostCipher
  self._decoder = null
  self._options = options
  self[kCipher] = new State(new Made(algorithm, direction, secret, vector, tagLength), info, hasTag, tagLength)
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
    const bytes = dataBytes(data, inputEncoding)
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
    const length = options?.plaintextLength ?? undefined
    if (length !== undefined && length >>> 0 !== length) throw invalidArgValue('options.plaintextLength', length)
    state.host.authenticate(bytes, length)
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
  const expected = state.tagLength ?? (state.info.mode === 'stream' ? TAG : bytes.length)
  if (bytes.length !== expected || !isLengthOfTag(state.info, bytes.length)) throw invalidTag(bytes.length)
  state.tag = new Uint8Array(bytes)
  state.host.expect?.(state.tag)
  return this
}

export const createCipheriv = (cipher, key, iv, options) => new Cipheriv(cipher, key, iv, options)
export const createDecipheriv = (cipher, key, iv, options) => new Decipheriv(cipher, key, iv, options)
