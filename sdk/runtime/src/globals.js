/** Puts the globals of Node in place; the large ones are evaluated when they are first touched. */
import { clearImmediate, setImmediate } from './loop/immediates.js'
import { clearInterval, clearTimeout, setInterval, setTimeout } from './loop/timers.js'
import { runIn } from './loop/context.js'
import { engine } from './engine.js'
import { requireFunction } from './errors.js'
import { restoreNames } from './modules.js'
import { Buffer, atob, btoa } from './node/buffer.js'
import { console } from './node/console.js'
import { process } from './node/process.js'
import { random } from './random.js'
import { AbortController, AbortSignal } from './web/abort.js'
import { DOMException } from './web/dom_exception.js'
import { TextDecoder, TextEncoder } from './web/encoding.js'
import { CustomEvent, Event, EventTarget, MessageEvent } from './web/events.js'
import { classes as performanceClasses, performance } from './web/performance.js'
import { URL, URLSearchParams } from './web/url.js'
import { WeakRef } from './web/weak_ref.js'

/** Globals by the module that has them; the module is evaluated at the first use of any of them. */
const LATE = [
  [() => require('./web/streams.js'), ['ByteLengthQueuingStrategy', 'CountQueuingStrategy', 'ReadableByteStreamController',
    'ReadableStream', 'ReadableStreamBYOBReader', 'ReadableStreamBYOBRequest', 'ReadableStreamDefaultController',
    'ReadableStreamDefaultReader', 'TransformStream', 'TransformStreamDefaultController', 'WritableStream',
    'WritableStreamDefaultController', 'WritableStreamDefaultWriter']],
  [() => require('./web/stream_transforms.js'), ['TextEncoderStream', 'TextDecoderStream', 'CompressionStream', 'DecompressionStream']],
  [() => require('./web/fetch.js'), ['fetch']],
  [() => require('./web/body.js'), ['Request', 'Response']],
  [() => require('./web/headers.js'), ['Headers']],
  [() => require('./web/form_data.js'), ['FormData']],
  [() => require('./web/blob.js'), ['Blob', 'File']],
  [() => require('./web/crypto.js'), ['crypto', 'Crypto']],
  [() => require('./web/crypto/crypto_key.js'), ['CryptoKey']],
  [() => require('./web/crypto/subtle.js'), ['SubtleCrypto']],
  [() => require('./web/structured_clone.js'), ['structuredClone']],
  [() => require('./web/websocket.js'), ['WebSocket']],
  ...(typeof Atomics === 'object' ? [] : [[() => require('./web/atomics.js'), ['Atomics']]]),
  [() => require('./web/messages.js'), ['MessageChannel', 'MessagePort', 'BroadcastChannel']],
]

function define(name, value) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
}

/** The job keeps its context through the engine; what it throws must not end the job queue. */
function queueMicrotask(callback) {
  requireFunction(callback, 'callback')
  const frame = engine.getAsyncContext()
  Promise.resolve().then(() => runIn(frame, callback, undefined, []))
}

class Navigator {
  constructor() { throw new TypeError('Illegal constructor') }
}

export function install() {
  const now = {
    global: globalThis, Buffer, process, console, performance, atob, btoa, queueMicrotask, setTimeout, clearTimeout, setInterval,
    clearInterval, setImmediate, clearImmediate, AbortController, AbortSignal, DOMException, TextDecoder, TextEncoder,
    CustomEvent, Event, EventTarget, MessageEvent, URL, URLSearchParams, WeakRef, ...performanceClasses, Navigator,
    navigator: Object.assign(Object.create(Navigator.prototype), { userAgent: 'Node.js/22', hardwareConcurrency: 1, language: 'en-US', languages: ['en-US'], platform: 'linux' }),
  }
  restoreNames(now)
  for (const [name, value] of Object.entries(now)) define(name, value)
  Math.random = random

  for (const [load, names] of LATE) {
    for (const name of names) {
      Object.defineProperty(globalThis, name, {
        configurable: true,
        enumerable: false,
        get() {
          const value = load()[name]
          restoreNames({ [name]: value })
          define(name, value)
          return value
        },
        set(value) { define(name, value) },
      })
    }
  }
}
