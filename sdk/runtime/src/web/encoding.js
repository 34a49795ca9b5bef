/** `TextEncoder`, `TextDecoder`, `atob` and `btoa`. */
import { showAs } from '../node/inspect.js'
import { engine } from '../engine.js'
import { codedError } from '../errors.js'
import LABELS from '../../../node_modules/@exodus/bytes/fallback/encoding.labels.js'

/** Those that text on the web may be in beside UTF-8, UTF-16 and latin1: their tables are large, and loaded when one is asked for. */
const older = () => require('./older_encodings.js')

let names
/** The encoding that a label stands for. */
function encodingOf(label) {
  const text = String(label).replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '').toLowerCase()
  if (text === 'utf-8' || text === 'utf8') return 'utf-8'
  names ??= new Map(Object.entries(LABELS).flatMap(([name, labels]) => [name, ...labels].map((one) => [one, name])))
  const name = names.get(text)
  return NOT_ON_NODE.includes(name) ? undefined : name
}
const NOT_ON_NODE = ['replacement', 'x-user-defined']


const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

export class TextEncoder {
  get encoding() { return 'utf-8' }

  encode(text = '') {
    return engine.utf8Encode(String(text).toWellFormed())
  }

  encodeInto(text, target) {
    let read = 0
    let written = 0
    for (const character of String(text)) {
      const bytes = engine.utf8Encode(character.toWellFormed())
      if (written + bytes.length > target.length) break
      target.set(bytes, written)
      written += bytes.length
      read += character.length
    }
    return { read, written }
  }
}
Object.defineProperty(TextEncoder.prototype, Symbol.toStringTag, { value: 'TextEncoder', configurable: true })

export class TextDecoder {
  #encoding
  #fatal
  #ignoreBOM
  #rest = new Uint8Array(0)
  #begun = false
  /** What decodes one of the older encodings, with what it keeps between pieces. */
  #older

  constructor(label = 'utf-8', options) {
    this.#encoding = encodingOf(label)
    if (!this.#encoding) {
      throw codedError(RangeError, 'ERR_ENCODING_NOT_SUPPORTED', `The "${label}" encoding is not supported`)
    }
    this.#fatal = Boolean(options?.fatal)
    this.#ignoreBOM = Boolean(options?.ignoreBOM)
  }

  get encoding() { return this.#encoding }
  get fatal() { return this.#fatal }
  get ignoreBOM() { return this.#ignoreBOM }

  decode(input, options) {
    let bytes = toBytes(input)
    const stream = Boolean(options?.stream)
    if (!/^utf|^windows-1252$/.test(this.#encoding)) return this.#decodeOlder(bytes, stream)
    if (this.#rest.length > 0) {
      const joined = new Uint8Array(this.#rest.length + bytes.length)
      joined.set(this.#rest)
      joined.set(bytes, this.#rest.length)
      bytes = joined
    }
    const keep = stream ? incomplete(bytes, this.#encoding) : 0
    this.#rest = keep > 0 ? bytes.slice(bytes.length - keep) : new Uint8Array(0)
    if (keep > 0) bytes = bytes.subarray(0, bytes.length - keep)

    let text = this.#decode(bytes)
    if (!this.#begun && !this.#ignoreBOM && text.charCodeAt(0) === 0xfeff) text = text.slice(1)
    this.#begun = stream && (this.#begun || bytes.length > 0)
    return text
  }

  #decodeOlder(bytes, stream) {
    this.#older ??= older().decoder(this.#encoding, this.#fatal)
    try {
      return this.#older(bytes, stream)
    } catch {
      this.#older = undefined
      throw invalidData(this.#encoding)
    }
  }

  #decode(bytes) {
    if (this.#encoding === 'utf-8') {
      try {
        return engine.utf8Decode(bytes, this.#fatal)
      } catch {
        throw invalidData('utf-8')
      }
    }
    if (this.#encoding.startsWith('utf-16')) {
      const low = this.#encoding === 'utf-16le' ? 0 : 1
      let text = ''
      for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(bytes[i + low] | (bytes[i + 1 - low] << 8))
      return text.toWellFormed()
    }
    return engine.latin1Decode(bytes).replace(/[\u0080-\u009f]/g, (c) => WINDOWS_1252[c.charCodeAt(0) - 128])
  }
}
Object.defineProperty(TextDecoder.prototype, Symbol.toStringTag, { value: 'TextDecoder', configurable: true })
showAs(TextDecoder, ['encoding', 'fatal', 'ignoreBOM'])

function invalidData(encoding) {
  return codedError(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA', `The encoded data was not valid for encoding ${encoding}`)
}

/** How many bytes at the end begin a character that a later chunk completes. */
function incomplete(bytes, encoding) {
  if (encoding.startsWith('utf-16')) return bytes.length % 2
  if (encoding !== 'utf-8') return 0
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]
    if (byte >= 0xc2 && byte < 0xf5) return back < (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) ? back : 0
    if (byte < 0x80) return 0
  }
  return 0
}

export function toBytes(input) {
  if (input === undefined) return new Uint8Array(0)
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
  if (input instanceof ArrayBuffer || Object.prototype.toString.call(input) === '[object SharedArrayBuffer]') {
    return new Uint8Array(input)
  }
  throw codedError(TypeError, 'ERR_INVALID_ARG_TYPE',
    'The "input" argument must be an instance of ArrayBuffer or ArrayBufferView.')
}
