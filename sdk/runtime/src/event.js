/** What happens when an event begins and ends, and when the bot fails in between. */
import { engine } from './engine.js'
import { closeHandles } from './handles.js'
import { callNow, log, unpark } from './host.js'
import { serveExported } from './exported.js'
import { failUnanswered, waitsForAnswer } from './http/response.js'
import { listeners, refuseWaiting, waitingRequests } from './http/server.js'
import { immediatesWait } from './loop/immediates.js'
import { eventBegins, eventEnds, leftBehind, timersHold } from './loop/staying.js'
import { forgetAlarm, turnHooks } from './loop/turn.js'
import { pauseTimers, resumeTimers, waitingTimeouts } from './loop/timers.js'
import { ExitSignal, onFatal } from './loop/uncaught.js'
import { underWay } from './loop/work.js'
import { inspect } from './node/inspect.js'
import { phase } from './phase.js'
import { emptyPools, forgetRandom, refillPools } from './random.js'
import { clockBeganAgain, forgetClock, restartClock } from './web/performance.js'

/** No bot has this path. */
const REHEARSAL = '/.well-known/roost-rehearsal'

let failed = false
let fresh = true

export function onEvent(when) {
  if (when === 'begin') begin()
  else end()
}

/** What every request says first. */
export function onPath(path) {
  phase.rehearsing = path === REHEARSAL
}

function begin() {
  phase.now = 'event'
  phase.event++
  phase.parking = false
  failed = false
  forgetRandom()
  forgetAlarm()
  if (fresh || clockBeganAgain()) {
    refillPools()
    restartClock()
  }
  fresh = false
  resumeTimers()
  eventBegins()
  onFatal.handle = fail
  turnHooks.after = giveUpWaiting
  turnHooks.holdTimers = timersHold
  unpark()
}

function end() {
  const left = phase.rehearsing ? undefined : leftBehind()
  if (left) log(left.level, left.text)
  phase.now = 'idle'
  turnHooks.holdTimers = () => false
  eventEnds()
  pauseTimers()
  closeHandles()
  forgetAlarm()
  if (!phase.rehearsing) return
  // Instances begin where this event ends: their time is not its time.
  phase.rehearsing = false
  fresh = true
  forgetRandom()
  emptyPools()
  forgetClock()
}

/** A bot that lost its server, or never had one, cannot leave its requests waiting for ever. */
function giveUpWaiting() {
  if (waitingRequests() === 0 || listeners().length > 0) return
  if (underWay() > 0 || immediatesWait() || waitingTimeouts().length > 0 || timersHold()) return
  turnHooks.after = () => {}
  serveExported().catch(() => false).then((serves) => {
    if (serves) return
    const text = 'The bot listens on no port.'
    failOnce(text)
    refuseWaiting(text)
  })
}

/** An exception that nobody caught: the event failed, and whoever waits for an answer gets one. */
function fail(error, origin) {
  if (error instanceof ExitSignal) {
    // Whoever waits for an answer gets none, whatever the code.
    if (error.code !== 0 || waitsForAnswer()) failOnce(error.message)
    failUnanswered()
    return
  }
  log('error', `${origin === 'unhandledRejection' ? 'Unhandled rejection' : 'Uncaught exception'}: ${inspect(error)}`)
  failOnce(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
  failUnanswered()
}

/** What fails without memory fails for want of it, whatever was thrown: `null`, where there was no room for an error. */
function failOnce(message) {
  if (failed) return
  failed = true
  callNow('event.fail', [engine.memory().ranOut ? 'InternalError: out of memory' : message])
}
