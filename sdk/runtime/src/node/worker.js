/**
 * `worker_threads.Worker` of code given as text: it runs in the bot's own thread, in later turns, with a global scope of its own.
 * A worker made of a file cannot be: its modules are not in the bundle as such.
 */
import { requireOf } from '../by_name.js'
import { unavailable } from '../errors.js'
import { setImmediate } from '../loop/immediates.js'
import { ExitSignal } from '../loop/uncaught.js'
import { structuredClone } from '../web/structured_clone.js'
import { EventEmitter } from './events.js'

const bundled = requireOf('/app/app.js')
let lastThread = 0

/** The worker's end of the channel. What its listeners throw is the worker's error. */
class ParentPort extends EventEmitter {
  #send
  #onmessage = null

  constructor(send, onListening) {
    super()
    this.#send = send
    this.on('newListener', (type) => { if (type === 'message') onListening() })
  }

  get onmessage() { return this.#onmessage }
  set onmessage(listener) {
    if (typeof this.#onmessage === 'function') this.removeEventListener('message', this.#onmessage)
    this.#onmessage = listener
    if (typeof listener === 'function') this.addEventListener('message', listener)
  }

  addEventListener(type, listener) {
    const heard = (data) => listener.call(this, { type, data, target: this })
    heard.listener = listener
    this.on(type, heard)
  }

  removeEventListener(type, listener) { this.removeListener(type, listener) }
  postMessage(message, transfer) { this.#send(message, transfer) }
  close() { this.removeAllListeners('message') }
  start() {}
  ref() {}
  unref() {}
}

/** What the worker sees as `globalThis`: assignments stay in it, and what it lacks is the bot's. */
function makeScope(own) {
  const scope = Object.create(globalThis)
  for (const [name, value] of Object.entries({ ...own, self: scope, global: scope, globalThis: scope })) {
    Object.defineProperty(scope, name, { value, writable: true, enumerable: true, configurable: true })
  }
  return scope
}

/** Names that nobody declared are the worker's, when it assigns to them. */
const undeclared = (scope) => new Proxy(scope, {
  has: (target, name) => typeof name === 'string' && !(name in target),
  get: (target, name) => (name === Symbol.unscopables ? undefined : target[name]),
})

const run = (code, scope) => new Function('undeclared', `with (undeclared) with (this) { (function () {\n${code}\n}).call(this) }`).call(scope, undeclared(scope))

export class Worker extends EventEmitter {
  #port
  #waiting = []
  #isListening = false
  #isFlushing = false
  #hasEnded = false
  #wasTerminated = false

  constructor(code, { eval: isCode = false, workerData, argv = [], env, name = '' } = {}) {
    if (!isCode) throw unavailable('worker_threads.Worker of a file', 'A bot has one thread: call the file\'s functions, give the code as text with `eval: true`, or do the work in another service.')
    super()
    this.threadId = ++lastThread
    this.threadName = name
    this.resourceLimits = {}
    this.stdin = null
    this.stdout = process.stdout
    this.stderr = process.stderr
    const data = structuredClone(workerData)
    this.#port = new ParentPort((message, transfer) => this.#answer(message, transfer), () => setImmediate(() => this.#flush()))
    setImmediate(() => this.#guarded(() => this.#start(`${code}`, data, argv, env)))
  }

  #start(code, workerData, argv, env) {
    const parentPort = this.#port
    const threads = { ...bundled('worker_threads'), isMainThread: false, threadId: this.threadId, parentPort, workerData }
    const exit = (status = 0) => {
      this.#end(status)
      throw new ExitSignal(status)
    }
    const process = Object.create(globalThis.process, {
      exit: { value: exit, writable: true, configurable: true },
      argv: { value: [...globalThis.process.argv.slice(0, 1), '[worker eval]', ...argv], writable: true },
      ...env && typeof env === 'object' && { env: { value: { ...env }, writable: true } },
    })
    const own = (name) => ({ worker_threads: threads, process })[`${name}`.replace(/^node:/, '')] ?? bundled(name)
    const module = { exports: {} }
    this.emit('online')
    run(code, makeScope({ require: own, module, exports: module.exports, process, postMessage: undefined, onmessage: undefined, close: undefined, __filename: '[worker eval]', __dirname: '/app' }))
    this.#isListening = true
    this.#flush()
    // Nothing tells when work of its own comes to an end; what it still sends arrives.
    if (parentPort.listenerCount('message') === 0) setImmediate(() => this.#end(0))
  }

  /** Does what the worker does, and ends it with what that throws. */
  #guarded(work) {
    if (this.#hasEnded) return
    try {
      work()
    } catch (error) {
      if (error instanceof ExitSignal) return
      setImmediate(() => {
        try {
          this.emit('error', error)
        } finally {
          this.#end(1)
        }
      })
    }
  }

  #flush() {
    if (!this.#isListening || this.#isFlushing || this.#waiting.length === 0 || this.#port.listenerCount('message') === 0) return
    this.#isFlushing = true
    setImmediate(() => {
      this.#isFlushing = false
      const message = this.#waiting.shift()
      this.#guarded(() => this.#port.emit('message', message))
      this.#flush()
    })
  }

  #answer(message, transfer) {
    const data = structuredClone(message, Array.isArray(transfer) ? { transfer } : transfer)
    setImmediate(() => { if (!this.#wasTerminated) this.emit('message', data) })
  }

  #end(status) {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#waiting = []
    this.threadId = -1
    setImmediate(() => this.emit('exit', status))
  }

  postMessage(message, transfer) {
    const data = structuredClone(message, Array.isArray(transfer) ? { transfer } : transfer)
    if (this.#hasEnded) return
    this.#waiting.push(data)
    this.#flush()
  }

  async terminate() {
    if (this.#hasEnded) return undefined
    this.#wasTerminated = true
    this.#end(1)
    return 1
  }

  ref() {}
  unref() {}
}
