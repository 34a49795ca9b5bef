/** Digests and HMACs that the host computes, in the shape that `@noble/hashes` works with. */
import { hmac } from '@noble/hashes/hmac.js'
import { callNow } from '../host.js'

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
  constructor(name, blockLen, outputLen) {
    this.name = name
    this.blockLen = blockLen
    this.outputLen = outputLen
    this.state = undefined
    this.pieces = new Pieces()
  }

  update(bytes) {
    this.pieces.add(bytes)
    if (this.pieces.size >= GATHERED) this.#forward()
    return this
  }

  /** A value of the host's: it lies in an image like any other. */
  #forward() {
    const { whole } = this.pieces
    for (let at = 0; at < whole.length; at += MOST) {
      this.state = callNow('digests.update', [this.name, this.state, whole.subarray(at, at + MOST)])
    }
    this.pieces = new Pieces()
  }

  digest() {
    return callNow('digests.finish', [this.name, this.state, this.pieces.whole])
  }

  digestInto(target) {
    target.set(this.digest())
  }

  clone() {
    return this._cloneInto()
  }

  _cloneInto(to = new HostHash(this.name, this.blockLen, this.outputLen)) {
    to.state = this.state
    to.pieces = new Pieces()
    for (const piece of this.pieces.list) to.pieces.add(piece)
    return to
  }

  destroy() {}
}

/** A hash function of the host's. */
export function hostHash(name, blockLen, outputLen) {
  const create = () => new HostHash(name, blockLen, outputLen)
  return Object.assign((bytes) => create().update(bytes).digest(), { create, blockLen, outputLen, hostName: name })
}

/** An HMAC: the host's where it has the hash, and as long as it comes to little. */
export class Mac {
  #hash
  #key
  #pieces = new Pieces()
  #long

  constructor(hash, key) {
    this.#hash = hash
    this.#key = new Uint8Array(key)
    if (!hash.hostName || key.length > MOST) this.#long = hmac.create(hash, this.#key)
  }

  update(bytes) {
    if (!this.#long && this.#pieces.size + bytes.length > MOST) {
      this.#long = hmac.create(this.#hash, this.#key)
      for (const piece of this.#pieces.list) this.#long.update(piece)
    }
    if (this.#long) this.#long.update(bytes)
    else this.#pieces.add(bytes)
    return this
  }

  digest() {
    if (this.#long) return this.#long.digest()
    return callNow('digests.hmac', [this.#hash.hostName, this.#key, this.#pieces.whole])
  }
}
