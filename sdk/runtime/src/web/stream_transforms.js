/** The transform streams of the web: text to bytes and back, compression. */
import { TextDecoder } from './encoding.js'
import { engine } from '../engine.js'
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

/** Whole bodies at once, as in node/zlib.js. */
function whole(name) {
  const chunks = []
  return {
    transform(chunk) { chunks.push(chunk) },
    flush(controller) {
      const zlib = process.getBuiltinModule('zlib')
      controller.enqueue(new Uint8Array(zlib[`${name}Sync`](globalThis.Buffer.concat(chunks))))
    },
  }
}

export class CompressionStream extends Pair {
  constructor(format) { super(whole({ gzip: 'gzip', deflate: 'deflate', 'deflate-raw': 'deflateRaw' }[format])) }
}

export class DecompressionStream extends Pair {
  constructor(format) { super(whole({ gzip: 'gunzip', deflate: 'inflate', 'deflate-raw': 'inflateRaw' }[format])) }
}
