/** Runs callbacks in the async context they were made in, and marks what keeps house. */
import { engine } from '../engine.js'
import { uncaught } from './uncaught.js'

/**
 * What a bot's top level starts (cleanups, heartbeats, a loop that sleeps) keeps house: it must not keep
 * events open. The frame that jobs and callbacks inherit says so; an event's own begins without one.
 */
const HOUSE = Symbol('keeps house')

export function houseFrame(frame) {
  return new Map(frame).set(HOUSE, true)
}

export function keepsHouse(frame) {
  return frame !== undefined && frame.has(HOUSE)
}

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
