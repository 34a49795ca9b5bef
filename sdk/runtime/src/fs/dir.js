/** `fs.Dir`: a folder that is read entry by entry. */
import { codedError } from '../errors.js'

export class Dir {
  #entries
  #isClosed = false

  constructor(path, entries) {
    this.path = path
    this.#entries = entries
  }

  #mustBeOpen() {
    if (this.#isClosed) throw codedError(Error, 'ERR_DIR_CLOSED', 'Directory handle was closed')
  }

  readSync() {
    this.#mustBeOpen()
    return this.#entries.shift() ?? null
  }

  read(callback) {
    if (callback === undefined) return (async () => this.readSync())()
    const entry = this.readSync()
    process.nextTick(callback, null, entry)
  }

  closeSync() {
    this.#mustBeOpen()
    this.#isClosed = true
  }

  close(callback) {
    if (callback === undefined) return (async () => this.closeSync())()
    this.closeSync()
    process.nextTick(callback, null)
  }

  async* entries() {
    try {
      for (let entry = this.readSync(); entry; entry = this.readSync()) yield entry
    } finally {
      this.closeSync()
    }
  }

  [Symbol.asyncIterator]() { return this.entries() }
  async [Symbol.asyncDispose]() { if (!this.#isClosed) this.closeSync() }
  [Symbol.dispose]() { if (!this.#isClosed) this.closeSync() }
}
