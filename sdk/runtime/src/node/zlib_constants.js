/** The constants of `node:zlib`. */

/** Names of Brotli's faults from -1 down; gaps have no name. */
const FAULTS = ['FORMAT_EXUBERANT_NIBBLE', 'FORMAT_RESERVED', 'FORMAT_EXUBERANT_META_NIBBLE', 'FORMAT_SIMPLE_HUFFMAN_ALPHABET',
  'FORMAT_SIMPLE_HUFFMAN_SAME', 'FORMAT_CL_SPACE', 'FORMAT_HUFFMAN_SPACE', 'FORMAT_CONTEXT_MAP_REPEAT', 'FORMAT_BLOCK_LENGTH_1',
  'FORMAT_BLOCK_LENGTH_2', 'FORMAT_TRANSFORM', 'FORMAT_DICTIONARY', 'FORMAT_WINDOW_BITS', 'FORMAT_PADDING_1', 'FORMAT_PADDING_2',
  'FORMAT_DISTANCE', 'FORMAT_BLOCK_SWITCH', '', 'DICTIONARY_NOT_SET', 'INVALID_ARGUMENTS', 'ALLOC_CONTEXT_MODES', 'ALLOC_TREE_GROUPS',
  '', '', 'ALLOC_CONTEXT_MAP', 'ALLOC_RING_BUFFER_1', 'ALLOC_RING_BUFFER_2', '', '', 'ALLOC_BLOCK_TYPE_TREES', 'UNREACHABLE']

/** Names of zstd's faults by their numbers, and those of its settings. */
const ZSTD_FAULTS = {
  no_error: 0, GENERIC: 1, prefix_unknown: 10, version_unsupported: 12, frameParameter_unsupported: 14, frameParameter_windowTooLarge: 16,
  corruption_detected: 20, checksum_wrong: 22, literals_headerWrong: 24, dictionary_corrupted: 30, dictionary_wrong: 32, dictionaryCreation_failed: 34,
  parameter_unsupported: 40, parameter_combination_unsupported: 41, parameter_outOfBound: 42, tableLog_tooLarge: 44, maxSymbolValue_tooLarge: 46,
  maxSymbolValue_tooSmall: 48, stabilityCondition_notRespected: 50, stage_wrong: 60, init_missing: 62, memory_allocation: 64, workSpace_tooSmall: 66,
  dstSize_tooSmall: 70, srcSize_wrong: 72, dstBuffer_null: 74, noForwardProgress_destFull: 80, noForwardProgress_inputEmpty: 82,
}
const ZSTD_SETTINGS = {
  c_compressionLevel: 100, c_windowLog: 101, c_hashLog: 102, c_chainLog: 103, c_searchLog: 104, c_minMatch: 105, c_targetLength: 106, c_strategy: 107,
  c_enableLongDistanceMatching: 160, c_ldmHashLog: 161, c_ldmMinMatch: 162, c_ldmBucketSizeLog: 163, c_ldmHashRateLog: 164, c_contentSizeFlag: 200,
  c_checksumFlag: 201, c_dictIDFlag: 202, c_nbWorkers: 400, c_jobSize: 401, c_overlapLog: 402, d_windowLogMax: 100, CLEVEL_DEFAULT: 3,
}
const zstd = (prefix, names) => Object.fromEntries(Object.entries(names).map(([name, value]) => [`ZSTD_${prefix}${name}`, value]))

/** What Node calls a fault of zstd's. */
export const zstdFault = (code) => `ZSTD_error_${Object.keys(ZSTD_FAULTS).find((name) => ZSTD_FAULTS[name] === code) ?? 'GENERIC'}`

const faults = FAULTS.flatMap((name, n) => (name ? [[`BROTLI_DECODER_ERROR_${name}`, -n - 1]] : []))

export const constants = Object.freeze({
  Z_NO_FLUSH: 0, Z_PARTIAL_FLUSH: 1, Z_SYNC_FLUSH: 2, Z_FULL_FLUSH: 3, Z_FINISH: 4, Z_BLOCK: 5, Z_OK: 0, Z_STREAM_END: 1,
  Z_NEED_DICT: 2, Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5,
  Z_VERSION_ERROR: -6, Z_NO_COMPRESSION: 0, Z_BEST_SPEED: 1, Z_BEST_COMPRESSION: 9, Z_DEFAULT_COMPRESSION: -1,
  Z_FILTERED: 1, Z_HUFFMAN_ONLY: 2, Z_RLE: 3, Z_FIXED: 4, Z_DEFAULT_STRATEGY: 0, ZLIB_VERNUM: 4880,
  DEFLATE: 1, INFLATE: 2, GZIP: 3, GUNZIP: 4, DEFLATERAW: 5, INFLATERAW: 6, UNZIP: 7, BROTLI_DECODE: 8, BROTLI_ENCODE: 9, ZSTD_COMPRESS: 10, ZSTD_DECOMPRESS: 11,
  Z_MIN_WINDOWBITS: 8, Z_MAX_WINDOWBITS: 15, Z_DEFAULT_WINDOWBITS: 15, Z_MIN_CHUNK: 64, Z_MAX_CHUNK: Infinity,
  Z_DEFAULT_CHUNK: 16384, Z_MIN_MEMLEVEL: 1, Z_MAX_MEMLEVEL: 9, Z_DEFAULT_MEMLEVEL: 8, Z_MIN_LEVEL: -1, Z_MAX_LEVEL: 9,
  Z_DEFAULT_LEVEL: -1, BROTLI_OPERATION_PROCESS: 0, BROTLI_OPERATION_FLUSH: 1, BROTLI_OPERATION_FINISH: 2,
  BROTLI_OPERATION_EMIT_METADATA: 3, BROTLI_PARAM_MODE: 0, BROTLI_MODE_GENERIC: 0, BROTLI_MODE_TEXT: 1, BROTLI_MODE_FONT: 2,
  BROTLI_DEFAULT_MODE: 0, BROTLI_PARAM_QUALITY: 1, BROTLI_MIN_QUALITY: 0, BROTLI_MAX_QUALITY: 11, BROTLI_DEFAULT_QUALITY: 11,
  BROTLI_PARAM_LGWIN: 2, BROTLI_MIN_WINDOW_BITS: 10, BROTLI_MAX_WINDOW_BITS: 24, BROTLI_LARGE_MAX_WINDOW_BITS: 30,
  BROTLI_DEFAULT_WINDOW: 22, BROTLI_PARAM_LGBLOCK: 3, BROTLI_MIN_INPUT_BLOCK_BITS: 16, BROTLI_MAX_INPUT_BLOCK_BITS: 24,
  BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING: 4, BROTLI_PARAM_SIZE_HINT: 5, BROTLI_PARAM_LARGE_WINDOW: 6,
  BROTLI_PARAM_NPOSTFIX: 7, BROTLI_PARAM_NDIRECT: 8, BROTLI_DECODER_RESULT_ERROR: 0, BROTLI_DECODER_RESULT_SUCCESS: 1,
  BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: 2, BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: 3,
  BROTLI_DECODER_PARAM_DISABLE_RING_BUFFER_REALLOCATION: 0, BROTLI_DECODER_PARAM_LARGE_WINDOW: 1, BROTLI_DECODER_NO_ERROR: 0,
  BROTLI_DECODER_SUCCESS: 1, BROTLI_DECODER_NEEDS_MORE_INPUT: 2, BROTLI_DECODER_NEEDS_MORE_OUTPUT: 3, ...Object.fromEntries(faults),
  ZSTD_e_continue: 0, ZSTD_e_flush: 1, ZSTD_e_end: 2, ZSTD_fast: 1, ZSTD_dfast: 2, ZSTD_greedy: 3, ZSTD_lazy: 4, ZSTD_lazy2: 5, ZSTD_btlazy2: 6,
  ZSTD_btopt: 7, ZSTD_btultra: 8, ZSTD_btultra2: 9, ...zstd('', ZSTD_SETTINGS), ...zstd('error_', ZSTD_FAULTS),
})

const CODES = ['Z_OK', 'Z_STREAM_END', 'Z_NEED_DICT', 'Z_ERRNO', 'Z_STREAM_ERROR', 'Z_DATA_ERROR', 'Z_MEM_ERROR', 'Z_BUF_ERROR', 'Z_VERSION_ERROR']

/** Both ways: by name, and by number. */
export const codes = Object.freeze(Object.fromEntries(CODES.flatMap((name) => [[name, constants[name]], [constants[name], name]])))
