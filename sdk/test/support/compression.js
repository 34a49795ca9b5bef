/** `roost:bot/compression` by Node's own zlib: what the host does, for tests without a host. */
import zlib from 'node:zlib'

const FLUSHES = ['none', 'partial', 'sync', 'full', 'finish', 'block']
const OPERATIONS = { none: 0, finish: 2 }
const ZSTD_OPERATIONS = { none: 0, finish: 2 }
const PIECE = 65536

const compressors = { zlib: zlib.Deflate, deflate: zlib.DeflateRaw, gzip: zlib.Gzip, brotli: zlib.BrotliCompress, zstd: zlib.ZstdCompress }
const decompressors = { zlib: zlib.Inflate, deflate: zlib.InflateRaw, gzip: zlib.Gunzip, brotli: zlib.BrotliDecompress, zstd: zlib.ZstdDecompress }

function options({ format, level, windowBits, memoryLevel, dictionary, sizeHint = 0, parameters = [], pledgedSize }) {
  if (format === 'zstd') return { dictionary, params: Object.fromEntries(parameters), pledgedSrcSize: pledgedSize === undefined ? undefined : Number(pledgedSize) }
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = zlib.constants
  if (format !== 'brotli') return { level, windowBits, memLevel: memoryLevel, dictionary }
  return { params: { [BROTLI_PARAM_QUALITY]: level ?? 11, [BROTLI_PARAM_LGWIN]: windowBits ?? 22, [BROTLI_PARAM_SIZE_HINT]: sizeHint } }
}

/**
 * The host functions, and how many streams are open.
 *
 * @param {(bytes: Uint8Array) => Uint8Array} bytes makes an array of the bot's realm
 */
export function compression(bytes) {
  const streams = new Map()
  let next = 1
  const open = (classes) => (settings) => {
    const stream = new classes[settings.format](classes === decompressors && settings.format === 'brotli' ? {} : options(settings))
    const state = { stream, settings, fault: undefined, hasEnded: false }
    stream._handle.onerror = (message, errno, code) => { state.fault = { message, errno, code } }
    streams.set(next, state)
    return next++
  }
  const run = (state, input, flush) => {
    const output = new Uint8Array(PIECE)
    state.fault = undefined
    state.stream._handle.writeSync(flush, input, 0, input.length, output, 0, PIECE)
    if (state.fault) return undefined
    const [room, left] = state.stream._writeState
    return { taken: input.length - left, output: bytes(output.subarray(0, PIECE - room)), isFull: room === 0 }
  }
  const functions = {
    'compression.[static]compressor.open': open(compressors),
    'compression.[method]compressor.write': (id, input, flush) => {
      const state = streams.get(id)
      const kind = state.settings.format === 'zstd' ? ZSTD_OPERATIONS[flush] ?? 1 : state.settings.format === 'brotli' ? OPERATIONS[flush] ?? 1 : FLUSHES.indexOf(flush)
      const piece = run(state, input, kind)
      if (!piece) throw thrown(state.fault)
      const { taken, output, isFull } = piece
      const progress = isFull || taken < input.length ? 'full' : flush === 'finish' ? 'ended' : 'hungry'
      return { taken, output, progress }
    },
    'compression.[method]compressor.set-level': (id, level) => streams.get(id).stream._handle.params(level, 0),
    'compression.[static]decompressor.open': open(decompressors),
    'compression.[method]decompressor.write': (id, input) => {
      const state = streams.get(id)
      if (state.hasEnded && (state.settings.format !== 'gzip' || !input[0])) return { taken: 0, output: bytes([]), progress: 'ended' }
      const piece = run(state, input, 0)
      if (!piece) throw thrown(state.fault)
      const { taken, output, isFull } = piece
      // Finishing fails unless the data has come to its end.
      // A frame of zstd ends without a word: only what it leaves tells.
      state.hasEnded = state.settings.format === 'zstd' ? !isFull && taken < input.length : !isFull && run(state, new Uint8Array(0), state.settings.format === 'brotli' ? 2 : 4) !== undefined
      return { taken, output, progress: isFull ? 'full' : state.hasEnded ? 'ended' : 'hungry' }
    },
    'compression.[drop]compressor': (id) => { streams.delete(id) },
    'compression.[drop]decompressor': (id) => { streams.delete(id) },
    'compression.crc32': crc32,
  }
  // Those of zstd are the same here, but for what they are opened with.
  for (const kind of ['compressor', 'decompressor']) {
    functions[`compression.[static]zstd-${kind}.open`] = (settings) => functions[`compression.[static]${kind}.open`]({ ...settings, format: 'zstd' })
    functions[`compression.[method]zstd-${kind}.write`] = functions[`compression.[method]${kind}.write`]
    functions[`compression.[drop]zstd-${kind}`] = functions[`compression.[drop]${kind}`]
  }
  return { functions, openStreams: () => streams.size }
}

/** What the host throws for a fault of Node's. */
function thrown({ message, errno, code }) {
  if (code === 'Z_NEED_DICT') return { payload: { tag: 'dictionary' } }
  if (code.startsWith('ZSTD_')) return { payload: { tag: 'fault', val: { code: errno, text: message } } }
  if (code.startsWith('ERR_')) return { payload: { tag: 'brotli', val: { code: errno, name: code.replace('ERR__ERROR_', '') } } }
  return { payload: { tag: 'data', val: message } }
}

function crc32(bytes, before) {
  let crc = ~before
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}
