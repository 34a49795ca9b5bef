/** Between Node's streams and the web's. */
import { Buffer } from '../node/buffer.js'
import { Readable, Writable, finished } from '../node/stream.js'
import { ReadableStream, WritableStream } from './streams.js'

export function readableToWeb(stream) {
  const objects = stream.readableObjectMode
  return new ReadableStream({
    start(controller) {
      stream.pause()
      stream.on('data', (chunk) => {
        controller.enqueue(!objects && Buffer.isBuffer(chunk) ? new Uint8Array(chunk) : chunk)
        if (controller.desiredSize <= 0) stream.pause()
      })
      finished(stream, { writable: false }, (error) => {
        if (error) controller.error(error)
        else controller.close()
      })
    },
    pull() { stream.resume() },
    cancel(reason) { stream.destroy(reason) },
  }, { highWaterMark: objects ? stream.readableHighWaterMark : 1 })
}

export function readableFromWeb(web, options) {
  const reader = web.getReader()
  return new Readable({
    ...options,
    read() {
      reader.read().then(({ done, value }) => this.push(done ? null : !this.readableObjectMode && !(value instanceof Buffer) && value instanceof Uint8Array
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value), (error) => this.destroy(error))
    },
    destroy(error, callback) {
      reader.cancel(error ?? undefined).then(() => callback(error), () => callback(error))
    },
  })
}

export function writableToWeb(stream) {
  return new WritableStream({
    start(controller) { finished(stream, { readable: false }, (error) => { if (error) controller.error(error) }) },
    write: (chunk) => new Promise((resolve) => {
      if (stream.write(chunk)) resolve()
      else stream.once('drain', resolve)
    }),
    close: () => new Promise((resolve) => stream.end(resolve)),
    abort(reason) { stream.destroy(reason) },
  })
}

export function writableFromWeb(web, options) {
  const writer = web.getWriter()
  return new Writable({
    ...options,
    write(chunk, encoding, callback) { writer.write(chunk).then(() => callback(), callback) },
    final(callback) { writer.close().then(() => callback(), callback) },
    destroy(error, callback) {
      if (!error) return callback(null)
      writer.abort(error).then(() => callback(error), () => callback(error))
    },
  })
}
