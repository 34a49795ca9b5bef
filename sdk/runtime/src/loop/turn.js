/** One turn of the event loop: what runs after each thing that the engine delivered. */
import { engine } from '../engine.js'
import { immediatesWait, runImmediates } from './immediates.js'
import { drain } from './ticks.js'
import { beginTurn, nextDue, runDue } from './timers.js'

/** After so many rounds the engine gets its chance, so that a bot that reschedules itself cannot shut out its own I/O. */
const ROUNDS = 200

let alarm

/** Called at the end of each turn; may start more work. Set while an image is made and while events are handled. */
export const turnHooks = { after: () => {}, holdTimers: () => false }

export function turn() {
  beginTurn()
  drain()
  for (let round = 0; round < ROUNDS; round++) {
    const ran = runDue(drain)
    if (!runImmediates(drain) && !ran) break
  }
  turnHooks.after()
  drain()
  arm()
}

/** Forgets the alarm that was set: the engine clears those that do not hold when an event ends. */
export function forgetAlarm() {
  alarm = undefined
}

function arm() {
  if (immediatesWait()) {
    alarm = undefined
    engine.alarm(0, true)
    return
  }

  const ms = nextDue()
  if (ms === undefined) {
    if (alarm) engine.alarm(-1, false)
    alarm = undefined
    return
  }

  const holds = turnHooks.holdTimers()
  const at = engine.monotonic() + ms
  // A call across the boundary for each turn would cost more than most turns. Within its last
  // millisecond the alarm may have rung already, a little early.
  if (alarm && alarm.holds === holds && Math.abs(alarm.at - at) < 0.5 && ms > 1) return
  alarm = { at, holds }
  engine.alarm(ms, holds)
}
