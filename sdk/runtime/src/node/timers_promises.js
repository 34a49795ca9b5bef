/** `node:timers/promises`. */
import { codedError } from '../errors.js'
import { clearImmediate, setImmediate } from '../loop/immediates.js'
import { clearTimeout, setInterval, setTimeout } from '../loop/timers.js'

function abortError(signal) {
  return Object.assign(codedError(Error, 'ABORT_ERR', 'The operation was aborted', { cause: signal.reason }), { name: 'AbortError' })
}

function wait(start, stop, value, { signal, ref = true } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal))
    const handle = start(() => {
      signal?.removeEventListener('abort', abort)
      resolve(value)
    })
    if (!ref) handle.unref()
    function abort() {
      stop(handle)
      reject(abortError(signal))
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}

const promises = {
  setTimeout: (ms, value, options) => wait((done) => setTimeout(done, ms), clearTimeout, value, options),
  setImmediate: (value, options) => wait((done) => setImmediate(done), clearImmediate, value, options),

  async* setInterval(ms, value, { signal, ref = true } = {}) {
    if (signal?.aborted) throw abortError(signal)
    let due = 0
    let wake
    const timer = setInterval(() => { due++; wake?.() }, ms)
    if (!ref) timer.unref()
    const abort = () => wake?.()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      for (;;) {
        if (signal?.aborted) throw abortError(signal)
        if (due === 0) await new Promise((resolve) => { wake = resolve })
        else for (; due > 0; due--) yield value
      }
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  },

  scheduler: {
    wait: (ms, options) => promises.setTimeout(ms, undefined, options),
    yield: () => promises.setImmediate(),
  },
}

export default promises
