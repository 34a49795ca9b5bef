/** `node:zlib`: Node's classes and functions over the host's compression (`coders.js`). */
import { Coder, fault, faultOf } from '../coders.js'
import { codedError, invalidArgType, outOfRange, requireFunction } from '../errors.js'
import { callNow } from '../host.js'
import { requireUint32 } from '../validators.js'
import { Buffer } from './buffer.js'
import { Transform, finished } from './stream.js'
import { constants, codes } from './zlib_constants.js'

const { Z_NO_FLUSH, Z_FINISH, Z_FULL_FLUSH, Z_SYNC_FLUSH, Z_BLOCK, Z_PARTIAL_FLUSH } = constants
const { DEFLATE, INFLATE, GZIP, GUNZIP, DEFLATERAW, INFLATERAW, UNZIP, BROTLI_DECODE, BROTLI_ENCODE, ZSTD_COMPRESS, ZSTD_DECOMPRESS } = constants

/** What `maxOutputLength` may be. How much there is room for, the instance's memory says. */
const MOST_OUTPUT = Number.MAX_SAFE_INTEGER
const EMPTY = new Uint8Array(0)

/** What the host calls each kind of flush: zlib's, and the operations of Brotli and of zstd. */
const FLUSHES = ['none', 'partial', 'sync', 'full', 'finish', 'block']
const OPERATIONS = {
  [BROTLI_DECODE]: ['none', 'sync', 'finish', 'sync'], [BROTLI_ENCODE]: ['none', 'sync', 'finish', 'sync'],
  [ZSTD_DECOMPRESS]: ['none', 'sync', 'finish'], [ZSTD_COMPRESS]: ['none', 'sync', 'finish'],
}
const COMPRESSES = new Set([DEFLATE, GZIP, DEFLATERAW, BROTLI_ENCODE, ZSTD_COMPRESS])
const STRATEGIES = ['normal', 'filtered', 'huffman-only', 'rle', 'fixed']
const CONTENTS = ['generic', 'text', 'font']
const FORMATS = {
  [DEFLATE]: 'zlib', [INFLATE]: 'zlib', [GZIP]: 'gzip', [GUNZIP]: 'gzip', [DEFLATERAW]: 'deflate', [INFLATERAW]: 'deflate',
  [BROTLI_DECODE]: 'brotli', [BROTLI_ENCODE]: 'brotli',
}

/** From the one that gives back least to the one that ends the stream. */
const FLUSHINESS = [Z_NO_FLUSH, Z_BLOCK, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH]
const strongest = (a, b) => (FLUSHINESS.indexOf(a) > FLUSHINESS.indexOf(b) ? a : b)

/** An empty chunk stands for a flush in the queue of writes. */
const FLUSH = Symbol('flush')
const flushChunks = FLUSHES.map((_, kind) => Object.assign(Buffer.alloc(0), { [FLUSH]: kind }))

/** What Node calls the binding: packages that decode PNG call `writeSync` and `close` of it. */
class Handle {
  #mode
  #settings
  #coder
  /** Output that did not fit where it was asked for. */
  #left = EMPTY

  /** @param {object} owner the stream, whose `_writeState` tells what a call left */
  constructor(owner, mode, settings) {
    this.owner = owner
    this.#mode = mode
    this.#settings = settings
  }

  /** One step of the host from `at` on. Throws Node's errors. */
  step(flush, input, at) {
    const kind = (OPERATIONS[this.#mode] ?? FLUSHES)[flush] ?? 'none'
    const coder = this.#coderFor(input, at)
    let piece = { taken: 0, output: EMPTY, progress: 'hungry' }
    if (coder) {
      try {
        piece = coder.write(input, at, kind)
      } catch (error) {
        throw faultOf(error, this.#settings.dictionary !== undefined)
      }
    }
    const { taken, output, progress } = piece
    const goesOn = progress === 'full' || (progress === 'hungry' && at + taken < input.length)
    // A frame of zstd that stops too early is no fault on Node.
    if (!goesOn && kind === 'finish' && progress === 'hungry' && this.#mode !== ZSTD_DECOMPRESS) throw fault('unexpected end of file', -5, 'Z_BUF_ERROR')
    return { taken, output, goesOn }
  }

  /** As the binding: from one array into another, both bounded. */
  writeSync(flush, input, at, length, output, outAt, room) {
    const end = at + length
    const bytes = (input ?? EMPTY).subarray(0, end)
    let goesOn = true
    try {
      for (;;) {
        const fits = Math.min(this.#left.length, room)
        output.set(this.#left.subarray(0, fits), outAt)
        this.#left = this.#left.subarray(fits)
        outAt += fits
        room -= fits
        if (room === 0 || !goesOn) break
        const piece = this.step(flush, bytes, at)
        at += piece.taken
        this.#left = piece.output
        goesOn = piece.goesOn
      }
    } catch (error) {
      this.owner.destroy(error)
      this.owner[FAILED] = error
      return
    }
    this.owner._writeState[0] = room
    this.owner._writeState[1] = end - at
  }

  write(...args) {
    process.nextTick(() => {
      if (!this.owner._handle) return
      this.writeSync(...args)
      if (!this.owner[FAILED]) this.callback?.()
    })
  }

  params(level, strategy) {
    const settings = { ...this.#settings, level: level < 0 ? undefined : level, strategy: STRATEGIES[strategy] }
    // Once begun, the host changes the level only: a strategy changes what it costs, not what comes out.
    if (this.#coder && COMPRESSES.has(this.#mode)) this.#coder.setLevel(settings.level ?? 6)
    this.#settings = settings
  }

  reset() {
    this.close()
    this.#left = EMPTY
  }

  close() {
    this.#coder?.close()
    this.#coder = undefined
  }

  /** `Unzip` learns from the first bytes what it has. */
  #coderFor(input, at) {
    if (this.#coder) return this.#coder
    let mode = this.#mode
    if (mode === UNZIP) {
      if (at >= input.length) return undefined
      mode = input[at] === 0x1f && (at + 1 >= input.length || input[at + 1] === 0x8b) ? GUNZIP : INFLATE
    }
    const kind = COMPRESSES.has(mode) ? 'compressor' : 'decompressor'
    const format = FORMATS[mode]
    this.#coder = format ? new Coder(kind, { ...this.#settings, format }) : new Coder(`zstd-${kind}`, this.#settings)
    return this.#coder
  }
}

const FAILED = Symbol('failed')
const ENDED = Symbol('ended')
const LEFT = Symbol('left')

function isBytes(value) {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer
}

function bytesOf(value) {
  if (value instanceof Uint8Array) return value
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value)
}

/** A number within its range, or what is usual. */
function checked(value, name, least, most, otherwise) {
  if (value === undefined || Number.isNaN(value)) return otherwise
  if (typeof value !== 'number') throw invalidArgType(name, 'number', value)
  if (!Number.isFinite(value)) throw outOfRange(name, 'a finite number', value)
  if (value < least || value > most) throw outOfRange(name, most === Infinity ? `>= ${least}` : `>= ${least} and <= ${most}`, value)
  return value
}

function ZlibBase(options, mode, settings, { flush, finishFlush, fullFlush, mostFlush }) {
  let chunkSize = constants.Z_DEFAULT_CHUNK
  let maxOutputLength = MOST_OUTPUT
  if (options) {
    chunkSize = checked(options.chunkSize, 'options.chunkSize', constants.Z_MIN_CHUNK, Infinity, chunkSize)
    flush = checked(options.flush, 'options.flush', 0, mostFlush, flush)
    finishFlush = checked(options.finishFlush, 'options.finishFlush', 0, mostFlush, finishFlush)
    maxOutputLength = checked(options.maxOutputLength, 'options.maxOutputLength', 1, MOST_OUTPUT, maxOutputLength)
    if (options.encoding || options.objectMode || options.writableObjectMode) {
      options = { ...options, encoding: null, objectMode: false, writableObjectMode: false }
    }
  }
  this._writeState = new Uint32Array(2)
  Transform.call(this, { autoDestroy: true, ...options })
  this.bytesWritten = 0
  this._handle = new Handle(this, mode, settings)
  // Made when somebody asks: only packages that reach into the binding do.
  this._outBuffer = undefined
  this._outOffset = 0
  this._chunkSize = chunkSize
  this._defaultFlushFlag = flush
  this._finishFlushFlag = finishFlush
  this._defaultFullFlushFlag = fullFlush
  this._info = options?.info
  this._maxOutputLength = maxOutputLength
}
inherit(ZlibBase, Transform)

let hasWarned = false
function warnOfBytesRead() {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning('zlib.bytesRead is deprecated and will change its meaning in the future. Use zlib.bytesWritten instead.', 'DeprecationWarning', 'DEP0108')
}

Object.defineProperties(ZlibBase.prototype, {
  _closed: { configurable: true, get() { return !this._handle } },
  // Deprecated, and still asked for.
  bytesRead: {
    configurable: true,
    get() {
      warnOfBytesRead()
      return this.bytesWritten
    },
    set(value) {
      warnOfBytesRead()
      this.bytesWritten = value
    },
  },
  _outBuffer: {
    configurable: true,
    get() {
      const value = Buffer.allocUnsafe(this._chunkSize)
      Object.defineProperty(this, '_outBuffer', { value, writable: true, configurable: true, enumerable: true })
      return value
    },
    set(value) {
      if (value !== undefined) Object.defineProperty(this, '_outBuffer', { value, writable: true, configurable: true, enumerable: true })
    },
  },
})

Object.assign(ZlibBase.prototype, {
  reset() {
    if (!this._handle) throw codedError(Error, 'ERR_INTERNAL_ASSERTION', 'zlib binding closed')
    this[ENDED] = false
    return this._handle.reset()
  },

  _flush(callback) {
    this._transform(Buffer.alloc(0), '', callback)
  },

  _final(callback) {
    callback()
  },

  flush(kind, callback) {
    if (typeof kind === 'function' || (kind === undefined && !callback)) [kind, callback] = [this._defaultFullFlushFlag, kind]
    if (this.writableFinished) {
      if (callback) process.nextTick(callback)
    } else if (this.writableEnded) {
      if (callback) this.once('end', callback)
    } else {
      this.write(flushChunks[kind], '', callback)
    }
  },

  close(callback) {
    if (callback) finished(this, callback)
    this.destroy()
  },

  _destroy(error, callback) {
    closeHandle(this)
    callback(error)
  },

  _transform(chunk, encoding, callback) {
    let flush = chunk[FLUSH] ?? this._defaultFlushFlag
    // Only flushes may follow the last bytes: they too come with the end.
    const { ending, length } = this._writableState
    if (ending && length === chunk.byteLength) flush = strongest(flush, this._finishFlushFlag)
    transform(this, chunk, flush, callback)
  },

  _processChunk(chunk, flush, callback) {
    if (typeof callback === 'function') transform(this, chunk, flush, callback)
    else return whole(this, chunk, flush)
  },
})

function closeHandle(stream) {
  stream._handle?.close()
  stream._handle = null
}

/** Takes one chunk, and waits whenever nobody reads: what a body grows to is never held whole. */
function transform(stream, chunk, flush, callback) {
  if (!stream._handle || stream[ENDED]) return process.nextTick(callback)
  const bytes = bytesOf(chunk)
  let at = 0
  let goesOn = true
  const go = () => {
    for (;;) {
      if (stream.destroyed || !stream._handle) return callback()
      if (stream[LEFT]) {
        if (push(stream, stream[LEFT])) return later(stream, go)
        if (stream.destroyed) return callback()
        if (!goesOn) break
      }
      let piece
      try {
        piece = stream._handle.step(flush, bytes, at)
      } catch (error) {
        stream.destroy(error)
        return
      }
      at += piece.taken
      stream.bytesWritten += piece.taken
      goesOn = piece.goesOn
      const isFull = push(stream, piece.output)
      if (stream.destroyed) return callback()
      if (!goesOn && !stream[LEFT]) break
      if (isFull) return later(stream, go)
    }
    if (at < bytes.length) {
      // What follows the end is no part of the stream.
      stream[ENDED] = true
      stream.push(null)
    }
    callback()
  }
  process.nextTick(go)
}

/** Goes on when somebody reads. */
function later(stream, go) {
  stream._read = function read(size) {
    delete this._read
    this._read(size)
    go()
  }
}

/** Hands on output in chunks until the readers have enough for now, and tells whether they have; the rest is left. */
function push(stream, output) {
  let isFull = false
  let at = 0
  while (at < output.length && !isFull && !stream.destroyed) {
    const length = Math.min(stream._chunkSize, output.length - at)
    isFull = !stream.push(Buffer.from(output.buffer, output.byteOffset + at, length))
    at += length
  }
  stream[LEFT] = at < output.length ? output.subarray(at) : undefined
  return isFull
}

/** The whole result for a whole input; the stream is closed. */
function whole(stream, input, flush) {
  if (!stream._handle) throw codedError(Error, 'ERR_INTERNAL_ASSERTION', 'zlib binding closed')
  const bytes = bytesOf(input)
  const chunks = []
  let size = 0
  let at = 0
  try {
    for (;;) {
      const piece = stream._handle.step(flush, bytes, at)
      at += piece.taken
      size += piece.output.length
      if (size > stream._maxOutputLength) {
        throw codedError(RangeError, 'ERR_BUFFER_TOO_LARGE', `Cannot create a Buffer larger than ${stream._maxOutputLength} bytes`)
      }
      if (piece.output.length > 0) chunks.push(piece.output)
      if (!piece.goesOn) break
    }
  } finally {
    stream.bytesWritten = at
    closeHandle(stream)
  }
  if (chunks.length === 1) return Buffer.from(chunks[0].buffer, chunks[0].byteOffset, size)
  return Buffer.concat(chunks, size)
}

function inputOf(input) {
  if (typeof input === 'string') return Buffer.from(input)
  if (!isBytes(input)) {
    throw invalidArgType('buffer', 'of type string or an instance of Buffer, TypedArray, DataView, or ArrayBuffer', input)
  }
  return bytesOf(input)
}

function wholeSync(stream, input) {
  const result = whole(stream, inputOf(input), stream._finishFlushFlag)
  return stream._info ? { buffer: result, engine: stream } : result
}

function wholeLater(stream, input, callback) {
  requireFunction(callback, 'callback')
  // It is written into a stream: nothing ends it at once.
  if (input != null && typeof input !== 'string' && !isBytes(input)) throw invalidArgType('chunk', 'of type string or an instance of Buffer, TypedArray, or DataView', input)
  const bytes = inputOf(input ?? EMPTY)
  process.nextTick(() => {
    let result
    try {
      result = wholeSync(stream, bytes)
    } catch (error) {
      return callback(error)
    }
    callback(null, result)
  })
}

function Zlib(options, mode) {
  let windowBits = constants.Z_DEFAULT_WINDOWBITS
  let level = constants.Z_DEFAULT_COMPRESSION
  let memLevel = constants.Z_DEFAULT_MEMLEVEL
  let strategy = constants.Z_DEFAULT_STRATEGY
  let dictionary
  const decompresses = mode === INFLATE || mode === GUNZIP || mode === UNZIP
  if (options) {
    // Zero lets the data say.
    const asked = decompresses && !options.windowBits ? undefined : options.windowBits ?? undefined
    windowBits = checked(asked, 'options.windowBits', mode === GZIP ? 9 : 8, 15, windowBits)
    level = checked(options.level, 'options.level', -1, 9, level)
    memLevel = checked(options.memLevel, 'options.memLevel', 1, 9, memLevel)
    strategy = checked(options.strategy, 'options.strategy', 0, 4, strategy)
    dictionary = options.dictionary
    if (dictionary !== undefined) {
      if (!isBytes(dictionary)) {
        throw invalidArgType('options.dictionary', 'an instance of Buffer, TypedArray, DataView, or ArrayBuffer', dictionary)
      }
      dictionary = bytesOf(dictionary)
    }
  }
  // A window of 256 bytes is taken, and 512 are used: zlib cannot do it otherwise.
  if ((mode === DEFLATE || mode === DEFLATERAW) && windowBits === 8) windowBits = 9
  const settings = {
    level: level < 0 ? undefined : level, windowBits, memoryLevel: memLevel, strategy: STRATEGIES[strategy],
    dictionary: mode === GZIP || mode === GUNZIP ? undefined : dictionary,
  }
  ZlibBase.call(this, options, mode, settings, { flush: Z_NO_FLUSH, finishFlush: Z_FINISH, fullFlush: Z_FULL_FLUSH, mostFlush: Z_BLOCK })
  this._level = level
  this._strategy = strategy
  this._mode = mode
}
inherit(Zlib, ZlibBase)

Zlib.prototype.params = function params(level, strategy, callback) {
  checked(level, 'level', -1, 9)
  checked(strategy, 'strategy', 0, 4)
  if (this._level === level && this._strategy === strategy) return process.nextTick(callback)
  this.flush(Z_SYNC_FLUSH, () => {
    if (!this._handle) return
    this._handle.params(level, strategy)
    this._level = level
    this._strategy = strategy
    callback?.()
  })
}

const { BROTLI_PARAM_MODE, BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_LGBLOCK, BROTLI_PARAM_SIZE_HINT, BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING } = constants

/** Options' `params` by their numbers: each once, each a number. */
function paramsOf(params, most, refuse) {
  const asked = {}
  for (const name of Object.keys(params ?? {})) {
    const key = Number(name)
    if (Number.isNaN(key) || key < 0 || key > most || key in asked) throw refuse(name)
    const value = params[name]
    if (typeof value !== 'number' && typeof value !== 'boolean') throw invalidArgType('options.params[key]', 'number', value)
    asked[key] = Number(value)
  }
  return asked
}

const notInitialized = (message) => codedError(Error, 'ERR_ZLIB_INITIALIZATION_FAILED', message)

function Brotli(options, mode) {
  const asked = paramsOf(options?.params, constants.BROTLI_PARAM_NDIRECT, (name) => codedError(RangeError, 'ERR_BROTLI_INVALID_PARAM', `${name} is not a valid Brotli parameter`))
  const isGood = mode === BROTLI_DECODE
    ? Object.keys(asked).every((key) => key <= constants.BROTLI_DECODER_PARAM_LARGE_WINDOW)
    : [undefined, 0, 1].includes(asked[BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING])
  if (!isGood) throw notInitialized('Initialization failed')
  const within = (key, least, most) => (asked[key] === undefined ? undefined : Math.min(Math.max(asked[key], least), most))
  const blockBits = within(BROTLI_PARAM_LGBLOCK, 0, 24)
  const settings = mode === BROTLI_DECODE ? {} : {
    level: within(BROTLI_PARAM_QUALITY, 0, 11), windowBits: within(BROTLI_PARAM_LGWIN, 10, 24), content: CONTENTS[asked[BROTLI_PARAM_MODE]],
    sizeHint: within(BROTLI_PARAM_SIZE_HINT, 0, 2 ** 31), blockBits: blockBits >= 16 ? blockBits : undefined,
  }
  ZlibBase.call(this, options, mode, settings, {
    flush: constants.BROTLI_OPERATION_PROCESS, finishFlush: constants.BROTLI_OPERATION_FINISH,
    fullFlush: constants.BROTLI_OPERATION_FLUSH, mostFlush: constants.BROTLI_OPERATION_EMIT_METADATA,
  })
}
inherit(Brotli, ZlibBase)

/** What zstd's settings may be besides zero, which stands for what is usual; others may be anything. */
const ZSTD_BOUNDS = {
  [ZSTD_COMPRESS]: {
    [constants.ZSTD_c_windowLog]: [10, 31], [constants.ZSTD_c_hashLog]: [6, 30], [constants.ZSTD_c_chainLog]: [6, 30], [constants.ZSTD_c_searchLog]: [1, 30],
    [constants.ZSTD_c_minMatch]: [3, 7], [constants.ZSTD_c_targetLength]: [0, 131072], [constants.ZSTD_c_strategy]: [1, 9],
    [constants.ZSTD_c_enableLongDistanceMatching]: [0, 2], [constants.ZSTD_c_ldmHashLog]: [6, 30], [constants.ZSTD_c_ldmMinMatch]: [4, 4096],
    [constants.ZSTD_c_ldmBucketSizeLog]: [1, 8], [constants.ZSTD_c_ldmHashRateLog]: [0, 25],
  },
  [ZSTD_DECOMPRESS]: { [constants.ZSTD_d_windowLogMax]: [10, 31] },
}
const ZSTD_PARAMS = {
  [ZSTD_COMPRESS]: Object.keys(constants).filter((name) => name.startsWith('ZSTD_c_')).map((name) => constants[name]),
  [ZSTD_DECOMPRESS]: [constants.ZSTD_d_windowLogMax],
}

function Zstd(options, mode) {
  const known = ZSTD_PARAMS[mode]
  const asked = paramsOf(options?.params, Math.max(...known), (name) => codedError(RangeError, 'ERR_ZSTD_INVALID_PARAM', `${name} is not a valid zstd parameter`))
  const parameters = Object.entries(asked).map(([key, value]) => [Number(key), value | 0])
  for (const [key, value] of parameters) {
    const [least, most] = ZSTD_BOUNDS[mode][key] ?? [-Infinity, Infinity]
    if (!known.includes(key) || (value !== 0 && (value < least || value > most))) throw notInitialized('Setting parameter failed')
  }
  const { pledgedSrcSize, dictionary } = options ?? {}
  if (pledgedSrcSize < 0) throw codedError(TypeError, 'ERR_INVALID_ARG_VALUE', 'pledgedSrcSize may not be negative')
  // What is no number pledges nothing.
  const pledgedSize = mode === ZSTD_COMPRESS && Number.isFinite(pledgedSrcSize) ? Math.trunc(pledgedSrcSize) : undefined
  const settings = { parameters, pledgedSize, dictionary: isBytes(dictionary) ? bytesOf(dictionary) : undefined }
  ZlibBase.call(this, options, mode, settings, {
    flush: constants.ZSTD_e_continue, finishFlush: constants.ZSTD_e_end, fullFlush: constants.ZSTD_e_flush, mostFlush: constants.ZSTD_e_end,
  })
}
inherit(Zstd, ZlibBase)

function inherit(Class, Base) {
  Object.setPrototypeOf(Class.prototype, Base.prototype)
  Object.setPrototypeOf(Class, Base)
}

const zlib = {}

for (const [Name, Base, mode] of [
  ['Deflate', Zlib, DEFLATE], ['Inflate', Zlib, INFLATE], ['Gzip', Zlib, GZIP], ['Gunzip', Zlib, GUNZIP],
  ['DeflateRaw', Zlib, DEFLATERAW], ['InflateRaw', Zlib, INFLATERAW], ['Unzip', Zlib, UNZIP],
  ['BrotliCompress', Brotli, BROTLI_ENCODE], ['BrotliDecompress', Brotli, BROTLI_DECODE],
  ['ZstdCompress', Zstd, ZSTD_COMPRESS], ['ZstdDecompress', Zstd, ZSTD_DECOMPRESS],
]) {
  const Class = function (options) {
    if (!(this instanceof Class)) return new Class(options)
    Base.call(this, options, mode)
  }
  Object.defineProperty(Class, 'name', { value: Name })
  inherit(Class, Base)
  const name = Name[0].toLowerCase() + Name.slice(1)
  zlib[Name] = Class
  zlib[`create${Name}`] = (options) => new Class(options)
  zlib[`${name}Sync`] = (input, options) => wholeSync(new Class(options), input)
  zlib[name] = (input, options, callback) => {
    if (typeof options === 'function') [callback, options] = [options, undefined]
    wholeLater(new Class(options), input, callback)
  }
}

zlib.crc32 = function crc32(data, value = 0) {
  if (typeof data === 'string') data = Buffer.from(data)
  else if (!ArrayBuffer.isView(data)) throw invalidArgType('data', 'of type string or an instance of Buffer, TypedArray, or DataView', data)
  requireUint32(value, 'value')
  const bytes = bytesOf(data)
  for (let at = 0; at < bytes.length; at += 1 << 18) {
    value = callNow('compression.crc32', [bytes.subarray(at, at + (1 << 18)), value >>> 0])
  }
  return value >>> 0
}

Object.defineProperties(zlib, {
  constants: { enumerable: true, value: constants },
  codes: { enumerable: true, value: codes },
})
// Their old places.
for (const name of Object.keys(constants)) {
  if (!name.startsWith('BROTLI')) Object.defineProperty(zlib, name, { value: constants[name] })
}

export default zlib
