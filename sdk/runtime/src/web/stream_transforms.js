/** The transform streams of the web: text to bytes and back, compression. */
import { Coder, fault, faultOf } from '../coders.js'
import { engine } from '../engine.js'
import { codedError, invalidArgType } from '../errors.js'
import { TextDecoder } from './encoding.js'
import { TransformStream } from './streams.js'

class Pair {
  #transform
  constructor(transformer) { this.#transform = new TransformStream(transformer) }
  get readable() { return this.#transform.readable }
  get writable() { return this.#transform.writable }
}

export class TextEncoderStream extends Pair {
  constructor() {
    let lead = ''
    super({
      transform(chunk, controller) {
        let text = lead + chunk
        lead = /[\ud800-\udbff]$/.test(text) ? text.at(-1) : ''
        if (lead) text = text.slice(0, -1)
        if (text) controller.enqueue(engine.utf8Encode(text.toWellFormed()))
      },
      flush(controller) { if (lead) controller.enqueue(engine.utf8Encode('\ufffd')) },
    })
  }

  get encoding() { return 'utf-8' }
}

export class TextDecoderStream extends Pair {
  #decoder
  constructor(label, options) {
    const decoder = new TextDecoder(label, options)
    super({
      transform(chunk, controller) {
        const text = decoder.decode(chunk, { stream: true })
        if (text) controller.enqueue(text)
      },
      flush(controller) {
        const text = decoder.decode()
        if (text) controller.enqueue(text)
      },
    })
    this.#decoder = decoder
  }

  get encoding() { return this.#decoder.encoding }
}

/** What the web calls a format, and what the host does. */
const FORMATS = new Map([['gzip', 'gzip'], ['deflate', 'zlib'], ['deflate-raw', 'deflate'], ['brotli', 'brotli']])

/** A transformer that has the host take each chunk. Errors are as Node's: a TypeError without a text, with zlib's error as its cause. */
function coding(Class, kind, format) {
  if (!FORMATS.has(`${format}`)) {
    throw codedError(TypeError, 'ERR_INVALID_ARG_VALUE',
      `Failed to construct '${Class}': 1st argument value '${format}' is not a valid enum value of type CompressionFormat.`)
  }
  const coder = new Coder(kind, { format: FORMATS.get(`${format}`) })
  let progress = 'hungry'
  const write = (bytes, flush, controller) => {
    let at = 0
    do {
      let piece
      try {
        piece = coder.write(bytes, at, flush)
      } catch (error) {
        throw failed(faultOf(error))
      }
      progress = piece.progress
      at += piece.taken
      if (piece.output.length > 0) controller.enqueue(piece.output)
    } while (progress === 'full' || (progress === 'hungry' && at < bytes.length))
    if (at < bytes.length) throw codedError(TypeError, 'ERR_TRAILING_JUNK_AFTER_STREAM_END', 'Trailing junk found after the end of the compressed stream')
  }
  return {
    transform(chunk, controller) {
      if (typeof chunk === 'string') chunk = engine.utf8Encode(chunk)
      if (!ArrayBuffer.isView(chunk) && !(chunk instanceof ArrayBuffer)) throw invalidArgType('chunk', 'an instance of Buffer, TypedArray, or DataView', chunk)
      const bytes = ArrayBuffer.isView(chunk) ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) : new Uint8Array(chunk)
      if (bytes.length > 0) write(bytes, 'none', controller)
    },
    flush(controller) {
      if (kind === 'compressor') write(new Uint8Array(0), 'finish', controller)
      coder.close()
      if (kind === 'decompressor' && progress !== 'ended') throw failed(fault('unexpected end of file', -5, 'Z_BUF_ERROR'))
    },
  }
}

function failed(cause) {
  return Object.assign(new TypeError(undefined, { cause }), { code: cause.code })
}

export class CompressionStream extends Pair {
  constructor(format) { super(coding('CompressionStream', 'compressor', format)) }
  get [Symbol.toStringTag]() { return 'CompressionStream' }
}

export class DecompressionStream extends Pair {
  constructor(format) { super(coding('DecompressionStream', 'decompressor', format)) }
  get [Symbol.toStringTag]() { return 'DecompressionStream' }
}
