/** Digests and HMACs that the host computes (`wit/digests.wit`). */
import { callNow } from '../../host.js'

/** How much is gathered before the host gets it: a call costs more than to copy some bytes. */
const GATHERED = 65536
/** What the host takes at once. */
const MOST = 1 << 20

const NOTHING = new Uint8Array(0)

/** Bytes that came in pieces as one: the first, and what came after it, if anything did. */
function joined(first = NOTHING, more) {
  if (more === undefined) return first
  const whole = new Uint8Array(more.reduce((size, piece) => size + piece.length, first.length))
  whole.set(first)
  let at = first.length
  for (const piece of more) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** The digest of what came in one short piece, as most does: nothing is made for it. */
export const digestAtOnce = (of, bytes = NOTHING) => callNow('digests.finish', [of.hostName, undefined, bytes])

/** Whether it is for `digestAtOnce`: a digest of a fixed length, of a piece that the host takes at once. */
export const isForOnce = (of, bytes) => of.isFixed && bytes.length < GATHERED

class HostHash {
  /** The hash function. */
  #of
  /** A value of the host's: it lies in an image like any other. */
  #state
  /** What came since. */
  #first
  #more
  #gathered = 0

  constructor(of) { this.#of = of }

  /** Asks for a digest of so many bytes, and says whether it can have them. */
  extendsTo(size) { return size === this.#of.size }

  /** @param {Uint8Array} bytes that nobody writes over from now on */
  update(bytes) {
    if (this.#first === undefined) this.#first = bytes
    else (this.#more ??= []).push(bytes)
    this.#gathered += bytes.length
    if (this.#gathered >= GATHERED) this.#forward()
    return this
  }

  #forward() {
    const whole = joined(this.#first, this.#more)
    for (let at = 0; at < whole.length; at += MOST) {
      this.#state = callNow('digests.update', [this.#of.hostName, this.#state, whole.subarray(at, at + MOST)])
    }
    this.#first = this.#more = undefined
    this.#gathered = 0
  }

  digest() { return callNow('digests.finish', [this.#of.hostName, this.#state, joined(this.#first, this.#more)]) }

  /** A digest of so many bytes. */
  extended(length) { return callNow('digests.extend', [this.#of.hostName, this.#state, joined(this.#first, this.#more), length]) }

  /** @param {HostHash} copy one that has begun with nothing */
  clone(copy = new HostHash(this.#of)) {
    copy.#state = this.#state
    copy.#first = this.#first
    copy.#more = this.#more && [...this.#more]
    copy.#gathered = this.#gathered
    return copy
  }
}

/** One whose digest is as long as it is asked for. */
class HostXof extends HostHash {
  #of
  #length

  constructor(of) {
    super(of)
    this.#of = of
    this.#length = of.size
  }

  extendsTo(length) {
    this.#length = length
    return length <= MOST
  }

  digest() { return this.extended(this.#length) }

  clone() { return super.clone(new HostXof(this.#of)) }
}

/**
 * A hash function of the host's: what it gives for bytes, and how to begin one.
 *
 * @param {number} blockSize the bytes of a block
 * @param {number} size the bytes of a digest
 */
export function hostHash(name, blockSize, size) {
  const of = (bytes) => of.create().update(bytes).digest()
  return Object.assign(of, { create: () => new HostHash(of), blockSize, size, hostName: name, isFixed: true })
}

/**
 * An extendable-output function of the host's.
 *
 * @param {number} size the bytes of a digest of which none are asked for
 */
export function hostXof(name, size) {
  const of = (bytes) => of.create().update(bytes).digest()
  return Object.assign(of, { create: () => new HostXof(of), size, hostName: name })
}

/** An HMAC: at once, as long as it comes to little, otherwise of two digests (RFC 2104). */
export class Mac {
  #hash
  #key
  #first
  #more
  #gathered = 0
  /** The inner digest, once there is much. */
  #inner

  /** @param {Uint8Array} key that nobody writes over from now on */
  constructor(hash, key) {
    this.#hash = hash
    this.#key = key.length > MOST ? hash(key) : key
  }

  /** @param {Uint8Array} bytes that nobody writes over from now on */
  update(bytes) {
    this.#gathered += bytes.length
    if (this.#inner === undefined && this.#gathered > MOST) this.#inner = this.#padded(0x36).update(joined(this.#first, this.#more))
    if (this.#inner !== undefined) this.#inner.update(bytes)
    else if (this.#first === undefined) this.#first = bytes
    else (this.#more ??= []).push(bytes)
    return this
  }

  digest() {
    if (this.#inner === undefined) return callNow('digests.hmac', [this.#hash.hostName, this.#key, joined(this.#first, this.#more)])
    return this.#padded(0x5c).update(this.#inner.digest()).digest()
  }

  /** A digest that begins with the key. */
  #padded(byte) {
    const block = new Uint8Array(this.#hash.blockSize)
    block.set(this.#key.length > block.length ? this.#hash(this.#key) : this.#key)
    return this.#hash.create().update(block.map((own) => own ^ byte))
  }
}
