/**
 * `thread-stream`, by which pino writes to its transports: here the transport runs in the bot's own thread.
 *
 * What is written before the transport is loaded waits for it.
 */
import { importOf } from '../by_name.js'
import { EventEmitter } from './events.js'
import { Buffer } from './buffer.js'

const load = importOf('/app/app.js')

class ThreadStream extends EventEmitter {
  #destination
  #waiting = []
  #flushes = []
  #state = { ready: false, ending: false, finished: false, destroyed: false, closed: false, errored: null }

  constructor({ filename, workerData, bufferSize } = {}) {
    super()
    if (bufferSize < 4) throw new Error('bufferSize must at least fit a 4-byte utf-8 char')
    // The one thread that there is.
    this.worker = { exited: false, postMessage() {}, terminate: async () => 0, ref() {}, unref() {} }
    this.#open(filename, workerData).catch((error) => this.#destroy(error))
  }

  async #open(filename, workerData) {
    const { default: exported } = await load(filename)
    const make = typeof exported === 'object' ? exported?.default : exported
    if (typeof make !== 'function') throw new TypeError('worker is not a function')
    const destination = await make(workerData)
    destination.on('error', (error) => this.#destroy(error))
    destination.on('close', () => this.#destroy(null))
    if (this.#state.destroyed) return
    this.#destination = destination
    this.#state.ready = true
    this.#drain()
    this.emit('ready')
  }

  #drain() {
    for (const text of this.#waiting.splice(0)) this.#destination.write(text)
    for (const done of this.#flushes.splice(0)) this.#flush(done)
    if (this.#state.ending && !this.#state.finished) this.#finish()
  }

  #flush(done) {
    const { flush, flushSync, writableNeedDrain, writableEnded } = this.#destination
    if (typeof flush === 'function' && flush.length > 0) return void flush.call(this.#destination, done)
    if (typeof flush === 'function') return void Promise.resolve(flush.call(this.#destination)).then(() => done(), done)
    if (typeof flushSync === 'function') flushSync.call(this.#destination)
    if (writableNeedDrain && !writableEnded) this.#destination.once('drain', () => done())
    else process.nextTick(done)
  }

  #finish() {
    this.#state.finished = true
    this.#destination.end()
    process.nextTick(() => this.emit('finish'))
  }

  #destroy(error) {
    const state = this.#state
    if (state.destroyed) return
    state.destroyed = true
    this.worker.exited = true
    if (error) {
      state.errored = error
      this.emit('error', error)
    }
    for (const done of this.#flushes.splice(0)) process.nextTick(done, error ?? new Error('the worker has exited'))
    process.nextTick(() => {
      state.closed = true
      this.emit('close')
    })
  }

  write(data) {
    const { destroyed, ending } = this.#state
    if (destroyed || ending) {
      process.nextTick(() => this.emit('error', new Error(destroyed ? 'the worker has exited' : 'the worker is ending')))
      return false
    }
    const text = Buffer.isBuffer(data) ? data.toString() : String(data)
    if (this.#destination) this.#destination.write(text)
    else this.#waiting.push(text)
    return true
  }

  end() {
    if (this.#state.destroyed || this.#state.ending) return
    this.#state.ending = true
    if (this.#destination) this.#finish()
  }

  flush(callback = () => {}) {
    if (this.#state.destroyed) process.nextTick(callback, new Error('the worker has exited'))
    else if (this.#destination) this.#flush(callback)
    else this.#flushes.push(callback)
  }

  flushSync() { this.#destination?.flushSync?.() }
  ref() {}
  unref() {}

  get ready() { return this.#state.ready }
  get destroyed() { return this.#state.destroyed }
  get closed() { return this.#state.closed }
  get writable() { return !this.#state.destroyed && !this.#state.ending }
  get writableEnded() { return this.#state.ending }
  get writableFinished() { return this.#state.finished }
  get writableNeedDrain() { return false }
  get writableObjectMode() { return false }
  get writableErrored() { return this.#state.errored }
}

export default ThreadStream
