/** Web streams, from npm. */
import { ReadableByteStreamController, ReadableStream } from 'web-streams-polyfill'
import { showAs } from '../node/inspect.js'

showAs(ReadableStream, function () {
  return { locked: this.locked, state: this._state, supportsBYOB: this._readableStreamController instanceof ReadableByteStreamController }
})

export {
  ByteLengthQueuingStrategy, CountQueuingStrategy, ReadableByteStreamController, ReadableStream, ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest, ReadableStreamDefaultController, ReadableStreamDefaultReader, TransformStream,
  TransformStreamDefaultController, WritableStream, WritableStreamDefaultController, WritableStreamDefaultWriter,
} from 'web-streams-polyfill'
