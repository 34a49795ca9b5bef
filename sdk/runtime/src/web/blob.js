/** `Blob` and `File`. */
import { engine } from '../engine.js'
import { Buffer } from '../node/buffer.js'
import { showAs } from '../node/inspect.js'
import { toBytes } from './encoding.js'
import { ReadableStream } from './streams.js'

export class Blob {
  #bytes
  #type

  constructor(parts = [], options = {}) {
    if (typeof parts !== 'object' || typeof parts?.[Symbol.iterator] !== 'function') {
      throw new TypeError('The "sources" argument must be an iterable of blob parts')
    }
    const chunks = [...parts].map((part) => {
      if (part instanceof Blob) return part.#bytes
      if (ArrayBuffer.isView(part) || part instanceof ArrayBuffer) return toBytes(part)
      const text = `${part}`.toWellFormed()
      return engine.utf8Encode(options?.endings === 'native' ? text.replace(/\r\n|\r/g, '\n') : text)
    })
    this.#bytes = new Uint8Array(Buffer.concat(chunks))
    const type = `${options?.type ?? ''}`
    this.#type = /[^\x20-\x7e]/.test(type) ? '' : type.toLowerCase()
  }

  /** The bytes themselves, for those inside the runtime that only read. */
  static bytesOf(blob) { return blob.#bytes }

  get size() { return this.#bytes.length }
  get type() { return this.#type }

  slice(start = 0, end = this.size, type = '') {
    const at = (position) => (position < 0 ? Math.max(this.size + position, 0) : Math.min(position, this.size))
    return new Blob([this.#bytes.subarray(at(start), Math.max(at(start), at(end)))], { type })
  }

  async arrayBuffer() { return this.#bytes.slice().buffer }
  async bytes() { return this.#bytes.slice() }
  async text() { return engine.utf8Decode(this.#bytes, false).replace(/^\ufeff/, '') }

  stream() {
    const bytes = this.#bytes
    let position = 0
    return new ReadableStream({
      type: 'bytes',
      pull(controller) {
        if (position < bytes.length) controller.enqueue(bytes.slice(position, position += 65536))
        if (position >= bytes.length) {
          controller.close()
          controller.byobRequest?.respond(0)
        }
      },
    })
  }
}
Object.defineProperty(Blob.prototype, Symbol.toStringTag, { value: 'Blob', configurable: true })
showAs(Blob, ['size', 'type'])

export class File extends Blob {
  #name
  #lastModified

  constructor(parts, name, options) {
    if (arguments.length < 2) throw new TypeError('A File needs its parts and its name')
    super(parts, options)
    this.#name = `${name}`
    this.#lastModified = Number(options?.lastModified ?? Date.now())
  }

  get name() { return this.#name }
  get lastModified() { return this.#lastModified }
}
Object.defineProperty(File.prototype, Symbol.toStringTag, { value: 'File', configurable: true })
showAs(File, ['size', 'type', 'name', 'lastModified'])
