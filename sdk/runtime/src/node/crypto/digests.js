/** Digests and HMACs that the host computes (`wit/digests.wit`). */
import { callNow } from '../../host.js'

/** How much is gathered before the host gets it: a call costs more than to copy some bytes. */
const GATHERED = 65536
/** What the host takes at once. */
const MOST = 1 << 20

/** Bytes that come in pieces. */
class Pieces {
  list = []
  size = 0

  /** Whoever gave a piece may write over it. */
  add(bytes) {
    this.list.push(new Uint8Array(bytes))
    this.size += bytes.length
  }

  /** All of them as one. */
  get whole() {
    if (this.list.length === 1) return this.list[0]
    const whole = new Uint8Array(this.size)
    let at = 0
    for (const piece of this.list) {
      whole.set(piece, at)
      at += piece.length
    }
    return whole
  }
}

class HostHash {
  #name
  /** The bytes of the digest. */
  #size
  /** A value of the host's: it lies in an image like any other. */
  #state
  #pieces = new Pieces()

  constructor(name, size) {
    this.#name = name
    this.#size = size
  }

  /** Asks for a digest of so many bytes, and says whether it can have them. */
  extendsTo(size) { return size === this.#size }

  update(bytes) {
    this.#pieces.add(bytes)
    if (this.#pieces.size >= GATHERED) this.#forward()
    return this
  }

  #forward() {
    const { whole } = this.#pieces
    for (let at = 0; at < whole.length; at += MOST) {
      this.#state = callNow('digests.update', [this.#name, this.#state, whole.subarray(at, at + MOST)])
    }
    this.#pieces = new Pieces()
  }

  digest() { return this.last('digests.finish') }

  /** The call of the host's that gives the digest. */
  last(call, ...more) { return callNow(call, [this.#name, this.#state, this.#pieces.whole, ...more]) }

  /** @param {HostHash} copy one that has begun with nothing */
  clone(copy = new HostHash(this.#name, this.#size)) {
    copy.#state = this.#state
    for (const piece of this.#pieces.list) copy.#pieces.add(piece)
    return copy
  }
}

/** One whose digest is as long as it is asked for. */
class HostXof extends HostHash {
  #own
  #length

  constructor(name, length) {
    super(name, length)
    this.#own = [name, length]
    this.#length = length
  }

  extendsTo(length) {
    this.#length = length
    return length <= MOST
  }

  digest() { return this.last('digests.extend', this.#length) }

  clone() { return super.clone(new HostXof(...this.#own)) }
}

/**
 * A hash function of the host's: what it gives for bytes, and how to begin one.
 *
 * @param {number} blockSize the bytes of a block
 * @param {number} size the bytes of a digest
 */
export function hostHash(name, blockSize, size) {
  const create = () => new HostHash(name, size)
  return Object.assign((bytes) => create().update(bytes).digest(), { create, blockSize, size, hostName: name })
}

/**
 * An extendable-output function of the host's.
 *
 * @param {number} length the bytes of a digest of which none are asked for
 */
export function hostXof(name, length) {
  const create = () => new HostXof(name, length)
  return Object.assign((bytes) => create().update(bytes).digest(), { create, hostName: name })
}

/** An HMAC: at once, as long as it comes to little, otherwise of two digests (RFC 2104). */
export class Mac {
  #hash
  #key
  #pieces = new Pieces()
  /** The inner digest, once there is much. */
  #inner

  constructor(hash, key) {
    this.#hash = hash
    this.#key = new Uint8Array(key.length > MOST ? hash(key) : key)
  }

  update(bytes) {
    if (!this.#inner && this.#pieces.size + bytes.length > MOST) {
      this.#inner = this.#padded(0x36)
      for (const piece of this.#pieces.list) this.#inner.update(piece)
    }
    if (this.#inner) this.#inner.update(bytes)
    else this.#pieces.add(bytes)
    return this
  }

  digest() {
    if (!this.#inner) return callNow('digests.hmac', [this.#hash.hostName, this.#key, this.#pieces.whole])
    return this.#padded(0x5c).update(this.#inner.digest()).digest()
  }

  /** A digest that begins with the key. */
  #padded(byte) {
    const block = new Uint8Array(this.#hash.blockSize)
    block.set(this.#key.length > block.length ? this.#hash(this.#key) : this.#key)
    return this.#hash.create().update(block.map((own) => own ^ byte))
  }
}
