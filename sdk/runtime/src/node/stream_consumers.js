/** `node:stream/consumers`. */
import { Buffer } from './buffer.js'

async function buffer(stream) {
  const chunks = []
  for await (const chunk of stream) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return Buffer.concat(chunks)
}

export default {
  buffer,
  async arrayBuffer(stream) {
    const bytes = await buffer(stream)
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  },
  async text(stream) { return (await buffer(stream)).toString() },
  async json(stream) { return JSON.parse((await buffer(stream)).toString()) },
  async blob(stream) { return new Blob([await buffer(stream)]) },
}
