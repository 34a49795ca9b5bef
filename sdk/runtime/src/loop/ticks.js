/** `process.nextTick` and the promise jobs that follow it. */
import { engine } from '../engine.js'
import { requireFunction } from '../errors.js'
import { runIn } from './context.js'
import { reportRejections } from './uncaught.js'

let queue = []

export function nextTick(callback, ...args) {
  if (typeof callback !== 'function') requireFunction(callback, 'callback')
  queue.push({ callback, args, frame: engine.getAsyncContext() })
}

/** Runs ticks, then promise jobs, until neither is left: what Node does after each callback. */
export function drain() {
  do {
    for (let i = 0; i < queue.length; i++) {
      const { callback, args, frame } = queue[i]
      runIn(frame, callback, undefined, args)
    }
    queue = []
    engine.runJobs()
    if (queue.length === 0) reportRejections()
  } while (queue.length > 0)
}
