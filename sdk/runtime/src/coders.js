/**
 * Streams of the host's compression (`wit/compression.wit`).
 *
 * The host's side of a stream is made at its first use and ends with the event,
 * or the top level, in which that was: an image holds only what describes it,
 * and nothing of one event stays open in the next.
 */
import { callNow } from './host.js'

/** What one call of the host is given; it gives no more than that either. */
const PIECE = 65536

const EMPTY = new Uint8Array(0)

/** The host's handles that are open, with their kinds. */
const open = new Map()

/** Counts what streams may not outlive. */
let epoch = 0

export class Coder {
  #kind
  #settings
  #handle
  #epoch

  /**
   * @param {'compressor' | 'decompressor'} kind
   * @param {object} settings the record that the host's `open` takes
   */
  constructor(kind, settings) {
    this.#kind = kind
    this.#settings = settings
  }

  /**
   * Takes bytes from `at` on, as many as one call takes; `flush` is carried out
   * once nothing is left.
   *
   * @returns {{taken: number, output: Uint8Array, progress: 'hungry' | 'full' | 'ended'}}
   */
  write(bytes, at, flush) {
    const most = Math.min(bytes.length - at, PIECE)
    const input = most === 0 ? EMPTY : bytes.subarray(at, at + most)
    const args = [this.#opened(), input]
    if (this.#kind === 'compressor') args.push(at + most === bytes.length ? flush : 'none')
    return callNow(`compression.[method]${this.#kind}.write`, args)
  }

  setLevel(level) {
    callNow('compression.[method]compressor.set-level', [this.#opened(), level])
  }

  /** Gives back what the host holds. Writing afterwards begins a new stream. */
  close() {
    if (this.#handle !== undefined && this.#epoch === epoch && open.delete(this.#handle)) drop(this.#kind, this.#handle)
    this.#handle = undefined
  }

  #opened() {
    if (this.#handle === undefined) {
      this.#handle = callNow(`compression.[static]${this.#kind}.open`, [this.#settings])
      this.#epoch = epoch
      open.set(this.#handle, this.#kind)
    } else if (this.#epoch !== epoch) {
      throw new Error('a stream of zlib ends with the event that began to write to it: make a new one')
    }
    return this.#handle
  }
}

/** Ends all streams: an event is over, or an image is about to be made. */
export function closeCoders() {
  epoch++
  for (const [handle, kind] of open) drop(kind, handle)
  open.clear()
}

function drop(kind, handle) {
  callNow(`compression.[drop]${kind}`, [handle])
}

/** The error of Node's that a failed call of the host stands for; others are thrown as they are. */
export function faultOf(error, hasDictionary = false) {
  const payload = error?.payload
  switch (payload?.tag) {
    case undefined: throw error
    case 'data': return fault(payload.val, -3, 'Z_DATA_ERROR')
    case 'brotli': return fault('Decompression failed', payload.val.code, `ERR__ERROR_${payload.val.name}`)
    case 'dictionary': return fault(hasDictionary ? 'Bad dictionary' : 'Missing dictionary', 2, 'Z_NEED_DICT')
    case 'memory': return fault(payload.val, -4, 'Z_MEM_ERROR')
    default: return fault(payload.val, -2, 'Z_STREAM_ERROR')
  }
}

export function fault(message, errno, code) {
  return Object.assign(new Error(message), { errno, code })
}
