/** `node:zlib`: deflate and gzip through fflate; Brotli and Zstandard exist by name and say that they are missing. */
import { deflateSync, gunzipSync, gzipSync, inflateSync, unzlibSync, zlibSync } from 'fflate'
import { codedError, requireFunction, unavailable } from '../errors.js'
import { Buffer } from './buffer.js'
import { Transform } from './stream.js'

/** What one call may decompress to, so that a small body cannot fill the heap. */
const MOST = 32 * 1024 * 1024

const constants = {
  Z_NO_FLUSH: 0, Z_PARTIAL_FLUSH: 1, Z_SYNC_FLUSH: 2, Z_FULL_FLUSH: 3, Z_FINISH: 4, Z_BLOCK: 5, Z_OK: 0, Z_STREAM_END: 1,
  Z_NEED_DICT: 2, Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5,
  Z_VERSION_ERROR: -6, Z_NO_COMPRESSION: 0, Z_BEST_SPEED: 1, Z_BEST_COMPRESSION: 9, Z_DEFAULT_COMPRESSION: -1,
  Z_FILTERED: 1, Z_HUFFMAN_ONLY: 2, Z_RLE: 3, Z_FIXED: 4, Z_DEFAULT_STRATEGY: 0, Z_MIN_WINDOWBITS: 8,
  Z_MAX_WINDOWBITS: 15, Z_DEFAULT_WINDOWBITS: 15, Z_MIN_CHUNK: 64, Z_MAX_CHUNK: Infinity, Z_DEFAULT_CHUNK: 16384,
  Z_MIN_MEMLEVEL: 1, Z_MAX_MEMLEVEL: 9, Z_DEFAULT_MEMLEVEL: 8, Z_MIN_LEVEL: -1, Z_MAX_LEVEL: 9, Z_DEFAULT_LEVEL: -1,
  BROTLI_OPERATION_PROCESS: 0, BROTLI_OPERATION_FLUSH: 1, BROTLI_OPERATION_FINISH: 2, BROTLI_OPERATION_EMIT_METADATA: 3,
  BROTLI_PARAM_MODE: 0, BROTLI_PARAM_QUALITY: 1, BROTLI_PARAM_LGWIN: 2, BROTLI_PARAM_SIZE_HINT: 5,
  BROTLI_MODE_GENERIC: 0, BROTLI_MODE_TEXT: 1, BROTLI_MIN_QUALITY: 0, BROTLI_MAX_QUALITY: 11, BROTLI_DEFAULT_QUALITY: 11,
  ZSTD_e_continue: 0, ZSTD_e_flush: 1, ZSTD_e_end: 2, ZSTD_c_compressionLevel: 100, ZSTD_CLEVEL_DEFAULT: 3,
}

const level = (options) => {
  const asked = options?.level ?? -1
  return { level: asked < 0 ? 6 : asked }
}
const bounded = (inflate) => (bytes, options) => {
  const most = Math.min(options?.maxOutputLength ?? MOST, MOST)
  const result = inflate(bytes)
  if (result.length > most) throw codedError(RangeError, 'ERR_BUFFER_TOO_LARGE', `Cannot create a Buffer larger than ${most} bytes`)
  return result
}
const isGzip = (bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b
const unzip = (bytes) => (isGzip(bytes) ? gunzipSync(bytes) : unzlibSync(bytes))

const missing = (name) => () => {
  throw unavailable(`zlib's ${name}`, 'Ask the other side for gzip or deflate.')
}

/** Each format: what its class and functions are called, and how it is done. */
const formats = {
  Gzip: ['gzip', (bytes, options) => gzipSync(bytes, { ...level(options), mtime: 0 })],
  Gunzip: ['gunzip', bounded(gunzipSync)],
  Deflate: ['deflate', (bytes, options) => zlibSync(bytes, level(options))],
  Inflate: ['inflate', bounded(unzlibSync)],
  DeflateRaw: ['deflateRaw', (bytes, options) => deflateSync(bytes, level(options))],
  InflateRaw: ['inflateRaw', bounded(inflateSync)],
  Unzip: ['unzip', bounded(unzip)],
  BrotliCompress: ['brotliCompress', missing('Brotli')],
  BrotliDecompress: ['brotliDecompress', missing('Brotli')],
  ZstdCompress: ['zstdCompress', missing('Zstandard')],
  ZstdDecompress: ['zstdDecompress', missing('Zstandard')],
}

function run(work, input, options) {
  const bytes = typeof input === 'string' ? Buffer.from(input) : new Uint8Array(input.buffer ?? input, input.byteOffset, input.byteLength)
  try {
    const result = work(bytes, options)
    return Buffer.from(result.buffer, result.byteOffset, result.byteLength)
  } catch (error) {
    if (error.code === 'ERR_BUFFER_TOO_LARGE' || error.code === 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM') throw error
    const truncated = /unexpected eof/i.test(error.message)
    throw Object.assign(new Error(truncated ? 'unexpected end of file' : 'incorrect header check'), truncated
      ? { errno: -5, code: 'Z_BUF_ERROR' } : { errno: -3, code: 'Z_DATA_ERROR' })
  }
}

const zlib = { constants, codes: { Z_OK: 0, Z_DATA_ERROR: -3 }, ...constants }

for (const [Name, [name, work]] of Object.entries(formats)) {
  const Class = function (options) {
    if (!(this instanceof Class)) return new Class(options)
    const chunks = []
    Transform.call(this, {
      ...options,
      transform(chunk, encoding, callback) {
        chunks.push(chunk)
        this.bytesWritten += chunk.length
        callback()
      },
      // Whole bodies at once: what bots compress fits in memory anyway.
      flush(callback) {
        if (chunks.length === 0) return callback()
        try {
          callback(null, run(work, Buffer.concat(chunks), options))
        } catch (error) {
          callback(error)
        }
      },
    })
    this.bytesWritten = 0
  }
  Object.defineProperty(Class, 'name', { value: Name })
  Object.setPrototypeOf(Class.prototype, Transform.prototype)
  Object.setPrototypeOf(Class, Transform)
  Object.assign(Class.prototype, {
    close(callback) { if (callback) process.nextTick(callback); this.destroy() },
    flush(kind, callback) {
      const done = typeof kind === 'function' ? kind : callback
      if (done) process.nextTick(done)
    },
    params(a, b, callback) { process.nextTick(callback) },
    reset() {},
  })
  zlib[Name] = Class
  zlib[`create${Name}`] = (options) => new Class(options)
  zlib[`${name}Sync`] = (input, options) => run(work, input, options)
  zlib[name] = (input, options, callback) => {
    if (typeof options === 'function') [callback, options] = [options, undefined]
    requireFunction(callback, 'callback')
    let error = null
    let result
    try {
      result = run(work, input, options)
    } catch (caught) {
      error = caught
    }
    process.nextTick(callback, error, result)
  }
}

zlib.crc32 = function crc32(data, value = 0) {
  let crc = ~value
  for (const byte of Buffer.from(data)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}

export default zlib
