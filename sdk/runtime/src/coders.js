/** Streams of the host's compression (`wit/compression.wit`). The host's side of one is made at its first use. */
import { Handle } from './handles.js'
import { callNow } from './host.js'
import { zstdFault } from './node/zlib_constants.js'

/** What one call of the host is given; it gives no more than that either. */
const PIECE = 65536

const EMPTY = new Uint8Array(0)

export class Coder {
  #kind
  #settings
  /** @type {Handle | undefined} */
  #handle

  /**
   * @param {'compressor' | 'decompressor' | 'zstd-compressor' | 'zstd-decompressor'} kind
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
    if (!this.#kind.endsWith('decompressor')) args.push(at + most === bytes.length ? flush : 'none')
    return callNow(`compression.[method]${this.#kind}.write`, args)
  }

  setLevel(level) {
    callNow('compression.[method]compressor.set-level', [this.#opened(), level])
  }

  /** Gives back what the host holds. Writing afterwards begins a new stream. */
  close() {
    this.#handle?.close()
    this.#handle = undefined
  }

  #opened() {
    const kind = this.#kind
    this.#handle ??= new Handle(callNow(`compression.[static]${kind}.open`, [this.#settings]), `compression.[drop]${kind}`)
    if (!this.#handle.isCurrent) throw new Error('a stream of zlib ends with the event that began to write to it: make a new one')
    return this.#handle.id
  }
}

/** The error of Node's that a failed call of the host stands for; others are thrown as they are. */
export function faultOf(error, hasDictionary = false) {
  const payload = error?.payload
  switch (payload?.tag) {
    case undefined: throw error
    case 'data': return fault(payload.val, -3, 'Z_DATA_ERROR')
    case 'brotli': return fault('Decompression failed', payload.val.code, `ERR__ERROR_${payload.val.name}`)
    case 'fault': return fault(payload.val.text, payload.val.code, zstdFault(payload.val.code))
    case 'dictionary': return fault(hasDictionary ? 'Bad dictionary' : 'Missing dictionary', 2, 'Z_NEED_DICT')
    case 'memory': return fault(payload.val, -4, 'Z_MEM_ERROR')
    default: return fault(payload.val, -2, 'Z_STREAM_ERROR')
  }
}

export function fault(message, errno, code) {
  return Object.assign(new Error(message), { errno, code })
}
