/** `node:fs`: a small file system in memory; see fs/tree.js. */
import { requireFunction } from '../errors.js'
import { Dir } from '../fs/dir.js'
import { constants } from '../fs/flags.js'
import { Dirent, Stats } from '../fs/stats.js'
import { ReadStream, WriteStream } from '../fs/streams.js'
import sync from '../fs/sync.js'
import { load } from '../modules.js'
import { EventEmitter } from './events.js'

/** Bytes given to these come back as further arguments of the callback. */
const WITH_BUFFER = new Set(['read', 'write', 'readv', 'writev'])

const { F_OK, R_OK, W_OK, X_OK } = constants
const fs = { constants, F_OK, R_OK, W_OK, X_OK, ...sync, Dir, Dirent, Stats, ReadStream, WriteStream, FileReadStream: ReadStream, FileWriteStream: WriteStream }
const promises = { constants }

for (const [name, fn] of Object.entries(sync)) {
  const base = name.replace(/Sync$/, '')
  if (base === 'exists') continue
  fs[base] = (...args) => {
    const callback = args.pop()
    requireFunction(callback, 'cb')
    let error = null
    let result
    try {
      result = fn(...args)
    } catch (caught) {
      // A wrong argument is the caller's mistake, told at once.
      if (/^ERR_(INVALID_ARG_|OUT_OF_RANGE)/.test(caught.code)) throw caught
      error = caught
    }
    if (error) process.nextTick(callback, error)
    else if (WITH_BUFFER.has(base)) process.nextTick(callback, null, result, args[1])
    else process.nextTick(callback, null, result)
  }
  promises[base] = async (...args) => fn(...args)
}
fs.realpath.native = fs.realpath
// Of what is found one by one, the promise's form is an iterator.
promises.glob = async function* glob(pattern, options) { yield* sync.globSync(pattern, options) }
fs.exists = (path, callback) => process.nextTick(callback, sync.existsSync(path))

class FileHandle extends EventEmitter {
  constructor(fd) {
    super()
    this.fd = fd
  }

  async close() { if (this.fd >= 0) sync.closeSync(this.fd); this.fd = -1 }
  async read(buffer, ...rest) { return { bytesRead: sync.readSync(this.fd, buffer, ...rest), buffer } }
  async write(buffer, ...rest) { return { bytesWritten: sync.writeSync(this.fd, buffer, ...rest), buffer } }
  async readFile(options) { return sync.readFileSync(this.fd, options) }
  async writeFile(data, options) { return sync.writeFileSync(this.fd, data, options) }
  async appendFile(data, options) { return sync.writeFileSync(this.fd, data, options) }
  async stat(options) { return sync.fstatSync(this.fd, options) }
  async chmod(mode) { return sync.fchmodSync(this.fd, mode) }
  async chown() { return sync.fchownSync(this.fd) }
  async utimes(atime, mtime) { return sync.futimesSync(this.fd, atime, mtime) }
  async readv(buffers) { return { bytesRead: sync.readvSync(this.fd, buffers), buffers } }
  async writev(buffers) { return { bytesWritten: sync.writevSync(this.fd, buffers), buffers } }
  readLines(options) { return load('readline').createInterface({ input: this.createReadStream(options), crlfDelay: Infinity }) }
  async truncate(length) { return sync.ftruncateSync(this.fd, length) }
  async sync() {}
  async datasync() {}
  createReadStream(options) { return new ReadStream(null, { ...options, fd: this.fd }) }
  createWriteStream(options) { return new WriteStream(null, { ...options, fd: this.fd }) }
  async [Symbol.asyncDispose]() { await this.close() }
}
promises.open = async (path, flags, mode) => new FileHandle(sync.openSync(path, flags, mode))

Object.assign(fs, {
  promises,
  openAsBlob: async (path, options) => new Blob([sync.readFileSync(path)], options),
  createReadStream: (path, options) => new ReadStream(path, options),
  createWriteStream: (path, options) => new WriteStream(path, options),
  // Nothing changes a file but the bot itself.
  watch: () => Object.assign(new EventEmitter(), { close() {}, ref() {}, unref() {} }),
  watchFile: () => new EventEmitter(),
  unwatchFile() {},
})

export { promises }
export default fs
