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
    // What a tick adds comes after those that are there, and nothing is kept of what has run.
    while (queue.length > 0) {
      const turn = queue
      queue = []
      for (const { callback, args, frame } of turn) runIn(frame, callback, undefined, args)
    }
    engine.runJobs()
    if (queue.length === 0) reportRejections()
  } while (queue.length > 0)
}
