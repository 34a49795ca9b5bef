/** `node:string_decoder`: npm's, which does not know `base64url`. */
import * as npm from 'string_decoder/'
import { codedError } from '../errors.js'
import { Buffer } from './buffer.js'

const toUrl = (text) => text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')

/** Decodes bytes that come in pieces. */
export function StringDecoder(encoding) {
  if (encoding && !Buffer.isEncoding(encoding)) throw codedError(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${encoding}`)
  const isUrl = String(encoding).toLowerCase() === 'base64url'
  npm.StringDecoder.call(this, isUrl ? 'base64' : encoding)
  if (!isUrl) return
  for (const name of ['write', 'end']) {
    const plain = this[name]
    this[name] = (bytes) => toUrl(plain.call(this, bytes))
  }
}
StringDecoder.prototype = npm.StringDecoder.prototype

export default { StringDecoder }
