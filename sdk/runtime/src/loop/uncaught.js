/** Where exceptions and rejections go that nobody caught. */
import { codedError } from '../errors.js'

/** Promises that were rejected since the last turn, with their reasons. */
const fresh = new Map()
const reported = new WeakSet()

/** What the rest of the runtime sets: the process object, and what a fatal error does. */
export const onFatal = { process: undefined, handle: (error) => { throw error } }

/** What `process.exit` throws, to leave the code that called it. */
export class ExitSignal {
  constructor(code) {
    this.code = code
    this.message = `process.exit(${code})`
  }

  toString() { return this.message }
}

/** @param {'uncaughtException' | 'unhandledRejection'} [origin] */
export function uncaught(error, origin = 'uncaughtException') {
  if (error instanceof ExitSignal) return
  const { process } = onFatal
  try {
    process?.emit('uncaughtExceptionMonitor', error, origin)
    if (process?.emit('uncaughtException', error, origin)) return
  } catch (second) {
    error = second
  }
  if (!(error instanceof ExitSignal)) onFatal.handle(error, origin)
}

/** `promise.then(...)` where what the callbacks throw is nobody's to catch. */
export function settle(promise, onValue, onError) {
  promise.then((value) => {
    try {
      onValue(value)
    } catch (error) {
      uncaught(error)
    }
  }, (reason) => {
    try {
      onError(reason)
    } catch (error) {
      uncaught(error)
    }
  })
}

export function onRejection(promise, reason, handled) {
  if (!handled) fresh.set(promise, reason)
  else if (!fresh.delete(promise) && reported.delete(promise)) onFatal.process?.emit('rejectionHandled', promise)
}

/** Reports the rejections that are still without a handler now that the jobs have run. */
export function reportRejections() {
  for (const [promise, reason] of fresh) {
    fresh.delete(promise)
    if (reason instanceof ExitSignal) continue
    reported.add(promise)
    try {
      if (onFatal.process?.emit('unhandledRejection', reason, promise)) continue
    } catch (error) {
      uncaught(error)
      continue
    }
    uncaught(reason instanceof Error ? reason : rejectionError(reason), 'unhandledRejection')
  }
}

function rejectionError(reason) {
  let text
  try {
    text = typeof reason === 'object' ? JSON.stringify(reason) : String(reason)
  } catch {
    text = 'a value that cannot be shown'
  }
  return codedError(Error, 'ERR_UNHANDLED_REJECTION', 'This error originated either by throwing inside of an async ' +
    'function without a catch block, or by rejecting a promise which was not handled with .catch(). ' +
    `The promise rejected with the reason "${text}".`, { reason })
}
