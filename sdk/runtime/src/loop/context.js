/** Runs callbacks in the async context they were made in. */
import { engine } from '../engine.js'
import { uncaught } from './uncaught.js'

/** Runs a callback of the loop: in its context, and with nowhere for an exception to go but `uncaught`. */
export function runIn(frame, callback, self, args) {
  engine.setAsyncContext(frame)
  try {
    callback.apply(self, args)
  } catch (error) {
    uncaught(error)
  } finally {
    engine.setAsyncContext(undefined)
  }
}
