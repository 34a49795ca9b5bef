/** `fs.ReadStream` and `fs.WriteStream`. Function constructors, because packages wrap them. */
import { Readable, Writable } from '../node/stream.js'
import sync from './sync.js'

export function ReadStream(path, options) {
  if (!(this instanceof ReadStream)) return new ReadStream(path, options)
  options = typeof options === 'string' ? { encoding: options } : { ...options }
  Readable.call(this, { highWaterMark: 65536, ...options })
  this.path = path
  this.flags = options.flags ?? 'r'
  this.mode = options.mode ?? 0o666
  this.fd = options.fd ?? null
  this.bytesRead = 0
  this.pos = options.start ?? 0
  this.end = options.end ?? Infinity
  this.pending = this.fd === null
}
Object.setPrototypeOf(ReadStream.prototype, Readable.prototype)
Object.setPrototypeOf(ReadStream, Readable)

ReadStream.prototype._construct = function _construct(callback) {
  try {
    this.fd ??= sync.openSync(this.path, this.flags, this.mode)
  } catch (error) {
    return callback(error)
  }
  this.pending = false
  callback()
  this.emit('open', this.fd)
  this.emit('ready')
}

ReadStream.prototype._read = function _read(size) {
  const bytes = globalThis.Buffer.alloc(Math.max(0, Math.min(size, this.end - this.pos + 1)))
  try {
    const count = bytes.length === 0 ? 0 : sync.readSync(this.fd, bytes, 0, bytes.length, this.pos)
    this.pos += count
    this.bytesRead += count
    this.push(count === 0 ? null : bytes.subarray(0, count))
  } catch (error) {
    this.destroy(error)
  }
}

ReadStream.prototype._destroy = closeFile
ReadStream.prototype.close = close

export function WriteStream(path, options) {
  if (!(this instanceof WriteStream)) return new WriteStream(path, options)
  options = typeof options === 'string' ? { encoding: options } : { ...options }
  Writable.call(this, { decodeStrings: true, ...options })
  this.path = path
  this.flags = options.flags ?? 'w'
  this.mode = options.mode ?? 0o666
  this.fd = options.fd ?? null
  this.bytesWritten = 0
  this.pending = this.fd === null
}
Object.setPrototypeOf(WriteStream.prototype, Writable.prototype)
Object.setPrototypeOf(WriteStream, Writable)

WriteStream.prototype._construct = ReadStream.prototype._construct
WriteStream.prototype._write = function _write(chunk, encoding, callback) {
  try {
    this.bytesWritten += sync.writeSync(this.fd, chunk)
  } catch (error) {
    return callback(error)
  }
  callback()
}
WriteStream.prototype._destroy = closeFile
WriteStream.prototype.close = close

function closeFile(error, callback) {
  try {
    if (this.fd !== null) sync.closeSync(this.fd)
  } catch (second) {
    error ??= second
  }
  this.fd = null
  callback(error)
}

function close(callback) {
  if (callback) this.once('close', callback)
  if (this.writable) this.end()
  else this.destroy()
}
