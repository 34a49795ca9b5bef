/**
 * Modes that the host does not have as such, made of those that it has: of AES CCM (NIST SP 800-38C), OCB (RFC 7253),
 * and key wrap (RFC 3394, RFC 5649); of 3DES key wrap (RFC 3217). Each is as a cipher of the host's is to `createCipheriv`.
 */
import { nativeError } from '../../errors.js'
import { Buffer } from '../buffer.js'
import { hashOf } from './hashes.js'
import { HostCipher } from './host_cipher.js'
import { asBuffer, sameBytes } from './keys.js'
import { randomBytes } from './random.js'

const BLOCK = 16
const EMPTY = new Uint8Array(0)

const aes = (key, mode) => `aes-${key.length * 8}-${mode}`
const unsupported = () => new Error('Trying to add data in unsupported state')
const notAuthentic = () => new Error('Unsupported state or unable to authenticate data')

/** All of some bytes through a mode of AES, without padding. */
const through = (mode, direction, key, iv, bytes) => wholly(aes(key, mode), direction, key, iv, bytes)

/** All of some bytes through a cipher of the host's, without padding. */
function wholly(algorithm, direction, key, iv, bytes) {
  const cipher = new HostCipher(algorithm, direction, key, iv)
  cipher.setPadding(false)
  return Buffer.concat([cipher.update(bytes), cipher.finish(undefined).output])
}

function xor(a, b) {
  const made = new Uint8Array(a.length)
  for (let i = 0; i < a.length; i++) made[i] = a[i] ^ b[i]
  return made
}

const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)])

/** What all have: what describes them, which lies in an image like any other. */
class Composed {
  authenticated = EMPTY
  expected
  hasBegun = false

  constructor(algorithm, direction, key, iv, tagLength) {
    Object.assign(this, { isEncrypting: direction === 'encrypt', key: new Uint8Array(key), iv: new Uint8Array(iv), tagLength })
  }

  authenticate(bytes) { this.authenticated = Buffer.concat([this.authenticated, bytes]) }
  setPadding() {}
  /** The tag that what is decrypted came with. */
  expect(tag) { this.expected = tag }
}

/** CCM takes the whole of its data at once. */
class Ccm extends Composed {
  #failed = false
  #tag
  #length

  authenticate(bytes, length) {
    if (length === undefined) throw nativeError(TypeError, 'ERR_MISSING_ARGS', 'options.plaintextLength required for CCM mode with AAD')
    this.#requireFits(length)
    this.#length = length
    super.authenticate(bytes)
  }

  #requireFits(length) {
    if (length >= 2 ** (8 * (15 - this.iv.length)) || length >= 2 ** 31) throw nativeError(RangeError, 'ERR_CRYPTO_INVALID_MESSAGELEN', 'Invalid message length')
  }

  update(data) {
    this.#requireFits(data.length)
    if (this.hasBegun || (this.#length !== undefined && this.#length !== data.length)) throw unsupported()
    this.hasBegun = true
    if (!this.isEncrypting && this.expected === undefined) {
      this.#failed = true
      return Buffer.alloc(0)
    }
    const counter = new Uint8Array(BLOCK)
    counter[0] = 14 - this.iv.length
    counter.set(this.iv, 1)
    // The counter's first value hides the tag, those after it the data.
    const all = through('ctr', 'encrypt', this.key, counter, Buffer.concat([Buffer.alloc(BLOCK), data]))
    const [mask, output] = [all.subarray(0, BLOCK), all.subarray(BLOCK)]
    const tag = xor(this.#mac(this.isEncrypting ? data : output), mask).subarray(0, this.tagLength)
    if (this.isEncrypting) this.#tag = tag
    else this.#failed = !sameBytes(tag, this.expected)
    return this.#failed ? Buffer.alloc(0) : output
  }

  finish() {
    if (!this.hasBegun && !this.isEncrypting && this.expected === undefined) throw notAuthentic()
    if (!this.hasBegun) this.update(EMPTY)
    if (this.#failed) throw notAuthentic()
    return { output: EMPTY, tag: this.#tag ?? EMPTY }
  }

  /** The CBC-MAC of the lengths, of what only is authenticated, and of the data. */
  #mac(data) {
    const first = Buffer.alloc(BLOCK)
    const size = 15 - this.iv.length
    first[0] = (this.authenticated.length > 0 ? 64 : 0) + 8 * ((this.tagLength - 2) / 2) + size - 1
    first.set(this.iv, 1)
    for (let i = 0, left = data.length; i < size; i++, left = Math.floor(left / 256)) first[15 - i] = left % 256
    const whole = Buffer.concat([first, this.#lengthened(), padded(data)])
    return through('cbc', 'encrypt', this.key, new Uint8Array(BLOCK), whole).subarray(-BLOCK)
  }

  #lengthened() {
    const { length } = this.authenticated
    if (length === 0) return EMPTY
    const before = length < 0xff00 ? [length >> 8, length & 255] : [0xff, 0xfe, (length >>> 24) & 255, (length >> 16) & 255, (length >> 8) & 255, length & 255]
    return padded(Buffer.concat([Buffer.from(before), this.authenticated]))
  }
}

/** A block doubled in the field of OCB. */
function doubled(block) {
  const made = new Uint8Array(BLOCK)
  for (let i = 0; i < BLOCK; i++) made[i] = (block[i] << 1) | ((block[i + 1] ?? 0) >> 7)
  if (block[0] & 0x80) made[15] ^= 0x87
  return made
}

class Ocb extends Composed {
  #rest = EMPTY
  #masks
  #offset
  #checksum = new Uint8Array(BLOCK)
  #count = 0

  #encrypted(block) { return through('ecb', 'encrypt', this.key, EMPTY, block) }

  #begin() {
    if (this.hasBegun) return
    this.hasBegun = true
    const star = this.#encrypted(new Uint8Array(BLOCK))
    const dollar = doubled(star)
    this.#masks = { star, dollar, numbered: [doubled(dollar)] }
    const nonce = new Uint8Array(BLOCK)
    nonce[0] = ((this.tagLength * 8) % 128) << 1
    nonce[15 - this.iv.length] |= 1
    nonce.set(this.iv, BLOCK - this.iv.length)
    const bottom = nonce[15] & 63
    nonce[15] &= 0xc0
    const top = this.#encrypted(nonce)
    const stretched = Buffer.concat([top, xor(top.subarray(0, 8), top.subarray(1, 9))])
    const [from, bits] = [bottom >> 3, bottom & 7]
    this.#offset = Uint8Array.from({ length: BLOCK }, (_, i) => (stretched[from + i] << bits) | ((stretched[from + i + 1] ?? 0) >> (8 - bits)))
  }

  /** The mask that the block of a number adds. */
  #mask(number) {
    const { numbered } = this.#masks
    const zeros = 31 - Math.clz32(number & -number)
    while (numbered.length <= zeros) numbered.push(doubled(numbered.at(-1)))
    return numbered[zeros]
  }

  /** The offsets of so many blocks, of which the last is carried on. */
  #offsets(blocks, from, start) {
    const made = new Uint8Array(blocks * BLOCK)
    let offset = start
    for (let i = 0; i < blocks; i++) {
      offset = xor(offset, this.#mask(from + i + 1))
      made.set(offset, i * BLOCK)
    }
    return [made, offset]
  }

  #sum(bytes) {
    for (let i = 0; i < bytes.length; i++) this.#checksum[i % BLOCK] ^= bytes[i]
  }

  update(data) {
    this.#begin()
    const all = Buffer.concat([this.#rest, data])
    const blocks = Math.floor(all.length / BLOCK)
    const whole = all.subarray(0, blocks * BLOCK)
    this.#rest = new Uint8Array(all.subarray(blocks * BLOCK))
    if (blocks === 0) return Buffer.alloc(0)
    const [offsets, last] = this.#offsets(blocks, this.#count, this.#offset)
    this.#offset = last
    this.#count += blocks
    const output = xor(through('ecb', this.isEncrypting ? 'encrypt' : 'decrypt', this.key, EMPTY, xor(whole, offsets)), offsets)
    this.#sum(this.isEncrypting ? whole : output)
    return asBuffer(output)
  }

  finish(expected) {
    this.#begin()
    let output = EMPTY
    if (this.#rest.length > 0) {
      this.#offset = xor(this.#offset, this.#masks.star)
      output = xor(this.#rest, this.#encrypted(this.#offset))
      this.#sum(Buffer.concat([this.isEncrypting ? this.#rest : output, Buffer.from([0x80])]))
    }
    const sealed = this.#encrypted(xor(xor(this.#checksum, this.#offset), this.#masks.dollar))
    const tag = xor(sealed, this.#authentication()).subarray(0, this.tagLength)
    if (!this.isEncrypting && (expected === undefined || !sameBytes(tag, expected))) throw notAuthentic()
    return { output, tag }
  }

  /** What comes of what only is authenticated. */
  #authentication() {
    const { length } = this.authenticated
    const blocks = Math.floor(length / BLOCK)
    const sum = new Uint8Array(BLOCK)
    const add = (bytes) => { for (let i = 0; i < bytes.length; i++) sum[i % BLOCK] ^= bytes[i] }
    const [offsets, last] = this.#offsets(blocks, 0, new Uint8Array(BLOCK))
    if (blocks > 0) add(this.#encrypted(xor(this.authenticated.subarray(0, blocks * BLOCK), offsets)))
    const rest = this.authenticated.subarray(blocks * BLOCK)
    if (rest.length > 0) add(this.#encrypted(xor(padded(Buffer.concat([rest, Buffer.from([0x80])])), xor(last, this.#masks.star))))
    return sum
  }
}

const HALF = 8
/** What the first four bytes are of a key that was padded. */
const PADDED_IV_LENGTH = 4

/** Key wrap: each piece of data is a key of its own. */
class Wrap extends Composed {
  update(data) {
    if (data.length === 0) return Buffer.alloc(0)
    const isPadded = this.iv.length === PADDED_IV_LENGTH
    if (this.isEncrypting) return isPadded ? this.#wrapPadded(data) : this.#wrap(this.iv, data)
    return isPadded ? this.#unwrapPadded(data) : this.#unwrapChecked(data)
  }

  finish() { return { output: EMPTY, tag: EMPTY } }

  #wrap(iv, data) {
    if (data.length % HALF !== 0 || data.length < 2 * HALF) throw unsupported()
    const cipher = new HostCipher(aes(this.key, 'ecb'), 'encrypt', this.key, EMPTY)
    const made = Buffer.concat([iv, data])
    const blocks = data.length / HALF
    for (let turn = 1; turn <= 6 * blocks; turn++) {
      const at = HALF * (((turn - 1) % blocks) + 1)
      const block = cipher.update(Buffer.concat([made.subarray(0, HALF), made.subarray(at, at + HALF)]))
      made.set(counted(block, turn))
      made.set(block.subarray(HALF), at)
    }
    cipher.finish(undefined)
    return made
  }

  /** The check value, and what was wrapped. */
  #unwrap(data) {
    if (data.length % HALF !== 0 || data.length < 3 * HALF) throw unsupported()
    const cipher = new HostCipher(aes(this.key, 'ecb'), 'decrypt', this.key, EMPTY)
    cipher.setPadding(false)
    const made = Buffer.from(data)
    const blocks = data.length / HALF - 1
    for (let turn = 6 * blocks; turn >= 1; turn--) {
      const at = HALF * (((turn - 1) % blocks) + 1)
      const block = cipher.update(Buffer.concat([counted(made, turn), made.subarray(at, at + HALF)]))
      made.set(block.subarray(0, HALF))
      made.set(block.subarray(HALF), at)
    }
    cipher.finish(undefined)
    return [made.subarray(0, HALF), made.subarray(HALF)]
  }

  #unwrapChecked(data) {
    const [check, key] = this.#unwrap(data)
    if (!sameBytes(check, this.iv)) throw unsupported()
    return key
  }

  #wrapPadded(data) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    const check = Buffer.concat([this.iv, length])
    const whole = Buffer.concat([data, Buffer.alloc((HALF - (data.length % HALF)) % HALF)])
    return whole.length === HALF ? through('ecb', 'encrypt', this.key, EMPTY, Buffer.concat([check, whole])) : this.#wrap(check, whole)
  }

  #unwrapPadded(data) {
    if (data.length % HALF !== 0 || data.length < 2 * HALF) throw unsupported()
    const short = data.length === 2 * HALF && through('ecb', 'decrypt', this.key, EMPTY, data)
    const [check, key] = short ? [short.subarray(0, HALF), short.subarray(HALF)] : this.#unwrap(data)
    const length = check.readUInt32BE(4)
    const isWhole = length <= key.length && length > key.length - HALF && key.subarray(length).every((byte) => byte === 0)
    if (!sameBytes(check.subarray(0, 4), this.iv) || !isWhole) throw unsupported()
    return key.subarray(0, length)
  }
}

/** The first half of a block, and the number of a turn in it. */
function counted(block, turn) {
  const made = Buffer.from(block.subarray(0, HALF))
  made.writeUInt32BE((made.readUInt32BE(4) ^ turn) >>> 0, 4)
  return made
}

const WRAP_IV = Uint8Array.from([0x4a, 0xdd, 0xa2, 0x2c, 0x79, 0xe8, 0x21, 0x05])

/** Key wrap of 3DES: each piece of data is a key of its own. */
class TripleDesWrap extends Composed {
  update(data) {
    if (data.length === 0) return Buffer.alloc(0)
    if (data.length % HALF !== 0) throw unsupported()
    return this.isEncrypting ? this.#wrap(data) : this.#unwrap(data)
  }

  finish() { return { output: EMPTY, tag: EMPTY } }

  #through(direction, iv, bytes) { return wholly('des-ede3-cbc', direction, this.key, iv, bytes) }

  #wrap(data) {
    const iv = randomBytes(HALF)
    const once = this.#through('encrypt', iv, Buffer.concat([data, checksum(data)]))
    return this.#through('encrypt', WRAP_IV, Buffer.concat([iv, once]).reverse())
  }

  #unwrap(data) {
    if (data.length < 3 * HALF) throw unsupported()
    const once = this.#through('decrypt', WRAP_IV, data).reverse()
    const made = this.#through('decrypt', once.subarray(0, HALF), once.subarray(HALF))
    const key = made.subarray(0, -HALF)
    if (!sameBytes(made.subarray(-HALF), checksum(key))) throw unsupported()
    return key
  }
}

const checksum = (key) => asBuffer(hashOf('sha1')(key)).subarray(0, HALF)

export const MODES = { ccm: Ccm, ocb: Ocb, wrap: Wrap, 'des3-wrap': TripleDesWrap }
