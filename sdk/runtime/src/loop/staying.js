/**
 * What of the loop keeps an event open, beside what the engine waits for (host calls, requests, streams).
 *
 * Before the answer has ended, any timer that the event made: on Node the server's loop goes on whatever
 * the timer is, so that a poll by `setInterval` or an unref'ed wait comes to its end. What keeps house may
 * be what the request waits for, a queue that an interval of the top level empties; it gets a short while.
 *
 * After it, timeouts that are due within the event's time. Intervals and unref'ed timers may go on for
 * ever, so they hold the event while it makes progress (what it does outward begins or ends, or a timeout
 * rings), and a short while beyond. What keeps house never does.
 */
import { engine } from '../engine.js'
import { callNow } from '../host.js'
import { phase } from '../phase.js'
import { FIRM, HOUSE, SOFT, firstDue, ownTimers, rungFirm } from './timers.js'
import { progress } from './work.js'

/** How long timers hold an event in which nothing happens, in milliseconds. */
const PATIENCE = 5_000

/** What is left for the work of the last timer of an event, in milliseconds; of a short time a tenth. */
const RESERVE = 2_000

let open = 0
let begun = 0
let steps = 0
let steppedAt = 0
/** When the event's time is up; asked for when a timer asks. */
let endsAt

export function eventBegins() {
  open = 0
  begun = steppedAt = engine.monotonic()
  steps = stepsNow()
  endsAt = undefined
}

/** Moments mean nothing in another instance, and an image must not remember them. */
export function eventEnds() {
  open = begun = steps = steppedAt = 0
  endsAt = undefined
}

/** A request came in. */
export function answerOpens() {
  open++
}

/** An answer came to its end, or who asked has gone. */
export function answerCloses() {
  if (open > 0) open--
  steppedAt = engine.monotonic()
}

/** Whether timers keep the event from ending. */
export function timersHold() {
  const firm = firstDue(FIRM)
  if (open > 0) return firm < Infinity || firstDue(SOFT) < Infinity || firstDue(HOUSE) <= begun + PATIENCE

  const now = stepsNow()
  if (now !== steps) {
    steps = now
    steppedAt = engine.monotonic()
  }
  const soft = firstDue(SOFT)
  const waitsSoftly = soft <= steppedAt + PATIENCE
  if (firm === Infinity && !waitsSoftly) return false
  return (waitsSoftly ? Math.min(firm, soft) : firm) <= endOfTime()
}

function stepsNow() {
  return progress() + rungFirm()
}

function endOfTime() {
  if (endsAt === undefined) {
    endsAt = Infinity
    if (!phase.rehearsing) {
      try {
        const left = Number(callNow('event.time-left', [])) / 1e6
        endsAt = engine.monotonic() + left - Math.min(RESERVE, left / 10)
      } catch {
        // A host that does not say ends what takes too long.
      }
    }
  }
  return endsAt
}

/** What an event leaves behind that was to ring yet, for its log: a level and a text, or nothing. */
export function leftBehind() {
  const timers = ownTimers()
  if (timers.length === 0) return undefined
  const now = engine.monotonic()
  const groups = new Map()
  for (const timer of timers) {
    const kind = timer._repeat === null ? 'timeout' : 'interval'
    const name = timer._ref ? kind : `unref'ed ${kind}`
    const wait = timer._repeat === null ? `due in ${duration(timer._due - now)}` : `every ${duration(timer._repeat)}`
    const text = `${wait}${timer._place ? `, made at ${timer._place}` : ''}`
    const group = groups.get(name) ?? { count: 0, texts: new Set() }
    group.count++
    if (group.texts.size < 3) group.texts.add(text)
    groups.set(name, group)
  }
  const parts = [...groups].map(([name, { count, texts }]) => `${count} ${name}${count === 1 ? '' : 's'} (${[...texts].join('; ')})`)
  // Who wrote `unref()` said that nothing is lost without it.
  const level = timers.some((timer) => timer._ref) ? 'warn' : 'info'
  return { level, text: `the event ended without waiting for ${parts.join(' and ')}: what has to come later needs an event or a request of its own` }
}

function duration(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}
