/** `node:stream`: readable-stream, with what newer Node has besides. */
import Stream from 'readable-stream/lib/stream.js'
import * as state from 'readable-stream/lib/internal/streams/state.js'

// The package's own entry is `Readable`; Node's is the legacy `Stream`, and packages call it as a constructor.
const { Duplex, Readable, Writable } = Stream

function duplexPair(options) {
  const make = () => {
    let other
    let pending
    const side = new Duplex({
      ...options,
      read() {
        const callback = pending
        pending = undefined
        callback?.()
      },
      write(chunk, encoding, callback) {
        if (chunk.length === 0) return process.nextTick(callback)
        other.accept(chunk, callback)
      },
      final(callback) {
        other.side.on('end', callback)
        other.side.push(null)
      },
    })
    return {
      side,
      join(peer) { other = peer },
      accept(chunk, callback) {
        side.push(chunk)
        pending = callback
      },
    }
  }
  const [a, b] = [make(), make()]
  a.join(b)
  b.join(a)
  return [a.side, b.side]
}

const bridge = () => require('../web/stream_bridge.js')

Readable.toWeb = (stream, options) => bridge().readableToWeb(stream, options)
Readable.fromWeb = (stream, options) => bridge().readableFromWeb(stream, options)
Writable.toWeb = (stream) => bridge().writableToWeb(stream)
Writable.fromWeb = (stream, options) => bridge().writableFromWeb(stream, options)
Duplex.toWeb = (stream) => ({ readable: Readable.toWeb(stream), writable: Writable.toWeb(stream) })
Duplex.fromWeb = ({ readable, writable }, options) =>
  Duplex.from({ readable: Readable.fromWeb(readable, options), writable: Writable.fromWeb(writable, options) })

Stream.duplexPair = duplexPair
Stream.getDefaultHighWaterMark ??= state.getDefaultHighWaterMark
Stream.setDefaultHighWaterMark ??= state.setDefaultHighWaterMark
Stream.isReadable ??= (stream) => Boolean(stream?.readable)
Stream.isWritable ??= (stream) => Boolean(stream?.writable)

export { Stream, Duplex, Readable, Writable }
export const { Transform, PassThrough, pipeline, finished } = Stream
export default Stream
