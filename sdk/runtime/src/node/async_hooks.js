/** `node:async_hooks`: AsyncLocalStorage over the frame that the engine carries from job to job. */
import { engine } from '../engine.js'

/** A frame is a Map from storage to value, or undefined; never changed, only replaced. */
function runWith(frame, callback, self, args) {
  const before = engine.getAsyncContext()
  engine.setAsyncContext(frame)
  try {
    return Reflect.apply(callback, self, args)
  } finally {
    engine.setAsyncContext(before)
  }
}

/** The frame of now, with one storage's value changed. */
function frameWith(storage, value) {
  const frame = new Map(engine.getAsyncContext())
  frame.set(storage, value)
  return frame
}

export class AsyncLocalStorage {
  #defaultValue
  #name

  constructor(options) {
    this.#defaultValue = options?.defaultValue
    this.#name = options?.name ?? ''
  }

  get name() { return this.#name }

  static bind(callback) {
    return AsyncLocalStorage.snapshotOf(callback)
  }

  static snapshot() {
    const frame = engine.getAsyncContext()
    return (callback, ...args) => runWith(frame, callback, undefined, args)
  }

  static snapshotOf(callback) {
    const frame = engine.getAsyncContext()
    return function (...args) { return runWith(frame, callback, this, args) }
  }

  getStore() {
    const frame = engine.getAsyncContext()
    return frame?.has(this) ? frame.get(this) : this.#defaultValue
  }

  run(store, callback, ...args) {
    return runWith(frameWith(this, store), callback, undefined, args)
  }

  exit(callback, ...args) {
    return runWith(frameWith(this, undefined), callback, undefined, args)
  }

  enterWith(store) {
    engine.setAsyncContext(frameWith(this, store))
  }

  disable() {
    const frame = new Map(engine.getAsyncContext())
    frame.delete(this)
    engine.setAsyncContext(frame)
  }
}

let nextId = 1

export class AsyncResource {
  #frame = engine.getAsyncContext()
  #id = ++nextId

  constructor(type) {
    this.type = type
  }

  runInAsyncScope(callback, self, ...args) {
    return runWith(this.#frame, callback, self, args)
  }

  bind(callback) {
    const resource = this
    return function (...args) { return runWith(resource.#frame, callback, this, args) }
  }

  static bind(callback, type) {
    return new AsyncResource(type ?? callback.name).bind(callback)
  }

  emitDestroy() { return this }
  asyncId() { return this.#id }
  triggerAsyncId() { return 1 }
}

export default {
  AsyncLocalStorage, AsyncResource,
  // Nothing here tells of single operations; packages install hooks for diagnostics only.
  createHook: () => ({ enable() { return this }, disable() { return this } }),
  executionAsyncId: () => 1,
  triggerAsyncId: () => 0,
  executionAsyncResource: () => ({}),
  asyncWrapProviders: Object.freeze({ __proto__: null, NONE: 0 }),
}
