/** Unpacks the bodies that `fetch` brings, as they are read. */
import { Coder, faultOf } from '../coders.js'

const FORMATS = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'zlib', br: 'brotli' }

/** More layers than that are an attack. */
const MOST_CODINGS = 5

/**
 * A source of the plain bytes of a body, or the source itself when its coding
 * is unknown: the caller sees the header.
 *
 * As in Node, a body that stops too early gives what it had.
 *
 * @param {{read(max: number): Promise<Uint8Array | null>, close(): void}} source
 * @param {string} codings the header `content-encoding`
 */
export function unpacked(source, codings) {
  const names = codings.toLowerCase().split(',').map((name) => name.trim()).filter((name) => name !== '')
  if (names.length > MOST_CODINGS) throw new Error(`too many content-encodings in response: ${names.length}, maximum allowed is ${MOST_CODINGS}`)
  if (!names.every((name) => Object.hasOwn(FORMATS, name))) return source
  return names.reduceRight((inner, name) => layer(inner, FORMATS[name]), source)
}

function layer(source, format) {
  let coder
  let bytes
  let at = 0
  let progress = 'hungry'

  function step() {
    // Some servers mean deflate without a header when they say deflate.
    const isBare = format === 'zlib' && (bytes[at] & 0x0f) !== 8
    coder ??= new Coder('decompressor', { format: isBare ? 'deflate' : format })
    try {
      const piece = coder.write(bytes, at, 'none')
      at += piece.taken
      progress = piece.progress
      return piece.output
    } catch (error) {
      throw faultOf(error)
    }
  }

  return {
    async read(max) {
      for (;;) {
        while (bytes && (progress === 'full' || at < bytes.length)) {
          // Only gzip goes on after its end; what else follows is nobody's.
          if (progress === 'ended' && format !== 'gzip') at = bytes.length
          else {
            const before = at
            const output = step()
            if (output.length > 0) return output
            if (progress === 'ended' && at === before) at = bytes.length
          }
        }
        bytes = await source.read(max)
        at = 0
        if (bytes === null) {
          coder?.close()
          return null
        }
      }
    },
    close() {
      coder?.close()
      source.close()
    },
  }
}
