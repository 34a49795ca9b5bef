/** The encodings of the web from before Unicode, by the tables of `@exodus/bytes`. */
import { createMultibyteDecoder } from '@exodus/bytes/multi-byte.js'
import { encodingDecoder } from '../../../node_modules/@exodus/bytes/fallback/single-byte.js'

const MULTIBYTE = new Set(['big5', 'euc-jp', 'euc-kr', 'gb18030', 'gbk', 'iso-2022-jp', 'shift_jis'])

/** What decodes an encoding: a function of bytes, and of whether more come. */
export function decoder(encoding, fatal) {
  if (MULTIBYTE.has(encoding)) return createMultibyteDecoder(encoding, !fatal)
  const decode = encodingDecoder(encoding)
  return (bytes) => decode(bytes, !fatal)
}
