/**
 * Runs a bot's bundle until its top level is done, so that an image can be made.
 *
 * `engine.onboot(files, options)` takes what `fs` shows under /app, path and content in turn, and
 * JSON options:
 *
 *     env       {NAME: VALUE}, becomes process.env
 *     format    'cjs' | 'esm'
 *     file      the bundle's name, which stacks show: '/app/app.js'
 *     database  whether the database and the network may be used now; otherwise such calls
 *               wait for the first event of each instance
 *     patience  the seconds that the top level has, optional
 *
 * and gives JSON:
 *
 *     ok             whether the image can be used
 *     error          {message, stack, code} of what went wrong, when not ok
 *     listening      [{port, routes: [{method, path}]}] of each server that listens; the first one
 *                    gets the host's requests
 *     parked         how many calls wait for the first event
 *     willListen     whether it depends on them that anything listens
 *     pendingTimers  how many timers are left; they are paused until the first event
 */
import { begin, main, requireOf } from './by_name.js'
import { engine } from './engine.js'
import { codedError } from './errors.js'
import { rememberExports, serveExported } from './exported.js'
import { install as installFiles } from './fs/tree.js'
import { closeHandles } from './handles.js'
import { listeners, mainFirst } from './http/server.js'
import { parkedCount } from './host.js'
import { zoneChanged } from './intl/zone_change.js'
import { houseFrame } from './loop/context.js'
import { immediatesWait } from './loop/immediates.js'
import { ExitSignal, onFatal } from './loop/uncaught.js'
import { clearTimeout, pauseTimers, setTimeout, timerCount, waitingTimeouts } from './loop/timers.js'
import { turnHooks } from './loop/turn.js'
import { ended, started, underWay, waitedFor } from './loop/work.js'
import { environment, process } from './node/process.js'
import { phase } from './phase.js'
import { emptyPools, forgetRandom } from './random.js'
import { forgetRefusals, refusedAtStart } from './refused.js'
import { routesOf } from './routes.js'
import { shiftFirstLine } from './stacks.js'
import { forgetClock, restartClock } from './web/performance.js'

/** How long a bot that does not listen yet may sleep at its top level before the image is made without waiting. */
const LONGEST_SLEEP = 10_000

/** How long it may do without a connection that it asked for and cannot have, before that is taken for the reason. */
const WITHOUT_CONNECTION = 3_000

const WRAPPER = '(function (exports, require, module, __filename, __dirname) {'

/** What the engine puts before and after a bundle's text, the text's name, and whether it is a module. */
export function compiling(json) {
  const { format, file } = JSON.parse(json)
  if (format === 'esm') return ['', '', file, true]
  shiftFirstLine(file, WRAPPER.length)
  return [WRAPPER, '\n})', file, false]
}

/** An exception of compiling, as `boot` reports those of the top level. */
export function broken(error) {
  return JSON.stringify(describe(error))
}

export function boot(files, json) {
  const options = JSON.parse(json)
  const state = { running: true, failure: undefined, settled: false, finish: undefined, overdue: undefined, deadline: undefined, offered: false }
  const result = new Promise((resolve) => { state.finish = resolve })

  phase.now = 'boot'
  restartClock()
  phase.parking = !options.database
  process.env = environment(options.env)
  zoneChanged(options.env.TZ)
  process.argv = ['/usr/local/bin/node', options.file]
  installFiles(files, options.env)

  onFatal.handle = (error) => { state.failure ??= thrown(error) }
  turnHooks.after = () => check(state)
  turnHooks.holdTimers = () => state.running && listeners().length === 0 && shortSleeps()
  if (options.patience) state.deadline = after(options.patience * 1000, () => { state.overdue = options.patience })

  engine.setAsyncContext(houseFrame(undefined))
  const done = run(options)
  engine.setAsyncContext(undefined)
  done.then(() => { state.settled = true }, (error) => {
    state.settled = true
    if (!(error instanceof ExitSignal)) state.failure ??= thrown(error)
  })
  return result
}

/** What was thrown. Where nothing is left to make an error of, the engine throws null. */
const thrown = (error) => error ?? (engine.memory().ranOut ? outOfMemory() : new Error(`The bot threw ${error}.`))

/** A timer of ours: it keeps nothing open, and is no timer of the bot's. */
function after(ms, act) {
  return setTimeout(act, ms).unref()
}

async function run({ format, file }) {
  begin(file)
  if (format === 'esm') {
    // What the bundler makes of CommonJS packages in an ES module asks for a global `require`.
    Object.defineProperty(globalThis, 'require', { value: requireOf(file), writable: true, configurable: true })
    const [done, namespace] = engine.evalBundle()
    rememberExports(() => namespace)
    return done
  }
  const module = main
  shiftFirstLine(file, WRAPPER.length)
  rememberExports(() => module.exports)
  engine.evalBundle().call(module.exports, module.exports, module.require, module, file, file.replace(/\/[^/]*$/, '') || '/')
  module.loaded = true
}

function shortSleeps() {
  return waitingTimeouts().some((ms) => ms <= LONGEST_SLEEP)
}

/** Ends the boot when nothing is left that could go on, or when what is left takes too long. */
function check(state) {
  if (!state.running || immediatesWait()) return
  const mayWait = state.failure === undefined && state.overdue === undefined
  if (mayWait && (underWay() > 0 || (listeners().length === 0 && shortSleeps()))) return waitShorter(state)
  // A top-level await that waits for a parked call goes on at the first event.
  if (mayWait && !state.settled && parkedCount() === 0 && botTimers(state) > 0 && shortSleeps()) return
  // Nothing listens, and nothing is left that could: perhaps what is exported was to be served.
  if (state.failure === undefined && !state.offered && listeners().length === 0 && parkedCount() === 0) {
    return offer(state)
  }

  state.running = false
  clearTimeout(state.deadline)
  turnHooks.after = () => {}
  turnHooks.holdTimers = () => false
  const failure = state.failure ?? problemOf(state)
  const text = JSON.stringify(report(failure))
  phase.now = 'idle'
  phase.parking = false
  pauseTimers()
  closeHandles()
  forgetRandom()
  forgetRefusals()
  emptyPools()
  forgetClock()
  state.finish(text)
}

/** Lets what is exported listen, and looks again. */
function offer(state) {
  const what = 'the app that it exports'
  state.offered = true
  started(what)
  serveExported().catch((error) => { state.failure ??= thrown(error) }).then(() => {
    ended(what)
    setTimeout(() => {}, 0)
  })
}

/** A bot that was refused a connection and does not listen mostly waits for just that. */
function waitShorter(state) {
  if (state.shorter || state.deadline === undefined || refusedAtStart().length === 0 || listeners().length > 0) return
  state.shorter = true
  clearTimeout(state.deadline)
  state.deadline = after(WITHOUT_CONNECTION, () => { state.overdue = WITHOUT_CONNECTION / 1000 })
}

const botTimers = (state) => timerCount() - (state.deadline === undefined ? 0 : 1)

/** Why a bot that threw nothing is still of no use. */
function problemOf(state) {
  if (state.overdue !== undefined && underWay() > 0) return overdue(state)
  if (listeners().length > 0 || parkedCount() > 0) return undefined
  const refusals = refusedAtStart()
  if (refusals.length > 0) {
    const [{ error }] = refusals
    const names = refusals.map(({ what }) => what).join(' and ')
    const waits = codedError(Error, 'ERR_START_NEEDS_CONNECTION', `The bot listens on no port: before that it connects to ${names}. ${error.message}`)
    return Object.defineProperty(waits, 'stack', { value: error.stack, writable: true, configurable: true })
  }
  if (state.overdue !== undefined) return overdue(state)
  if (!state.settled) {
    return codedError(Error, 'ERR_UNSETTLED_TOP_LEVEL', 'The bot never finished starting: its top level awaits something that nothing can bring about any more.')
  }
  return codedError(Error, 'ERR_NOTHING_LISTENS', 'The bot started, but it listens on no port and exports no app. Call `app.listen(process.env.PORT)` at its end, or export the app.')
}

function overdue(state) {
  const things = waitedFor()
  const sleeps = waitingTimeouts().length
  if (things.length === 0 && underWay() > 0) things.push('something of the host')
  if (sleeps > 0) things.push(sleeps === 1 ? 'a timer' : `${sleeps} timers`)
  const what = things.length === 0 ? 'something' : things.slice(0, 5).join(', ')
  const listens = listeners().length > 0 ? '' : ', and it listens on no port yet'
  return codedError(Error, 'ERR_START_TIMEOUT', `After ${state.overdue} s the bot's top level still waits for ${what}${listens}.`)
}

function outOfMemory() {
  return codedError(Error, 'ERR_OUT_OF_MEMORY', 'out of memory')
}

function report(failure) {
  // What fails without memory fails for want of it, whatever it says.
  if (failure !== undefined && engine.memory().ranOut) failure = outOfMemory()
  return {
    ok: failure === undefined,
    error: failure === undefined ? undefined : describe(failure),
    listening: mainFirst().map(([port, server]) => ({ port, routes: routesOf(server) })),
    parked: parkedCount(),
    willListen: listeners().length === 0 && parkedCount() > 0,
    pendingTimers: timerCount(),
  }
}

function describe(error) {
  if (error instanceof ExitSignal) {
    const names = refusedAtStart().map(({ what }) => what).join(' and ')
    const before = names && ` Before that it could not connect to ${names}: ${refusedAtStart()[0].error.message}`
    return { message: `The bot called process.exit(${error.code}) while it started.${before}`, stack: error.stack, code: 'ERR_PROCESS_EXIT' }
  }
  if (!(error instanceof Error)) return { message: String(error?.message ?? error), stack: error?.stack, code: error?.code }
  const cause = error.cause instanceof Error ? `\nCaused by: ${error.cause.stack}` : ''
  return { message: `${error.name}: ${error.message}`, stack: `${error.stack}${cause}`, code: error.code }
}
