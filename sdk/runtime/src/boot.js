/**
 * Runs a bot's bundle until its top level is done, so that an image can be made.
 *
 * `engine.onboot(bundle, options)` takes JSON options:
 *
 *     env       {NAME: VALUE}, becomes process.env
 *     format    'cjs' | 'esm'
 *     file      the bundle's name, which stacks show: '/app/app.js'
 *     database  whether the database and the network may be used now; otherwise such calls
 *               wait for the first event of each instance
 *     files     {path: base64}, optional: what `fs` shows under /app
 *
 * and gives JSON:
 *
 *     ok             whether the image can be used
 *     error          {message, stack, code} of what went wrong, when not ok
 *     listening      [{port, routes: [{method, path}]}] of each server that listens
 *     parked         how many calls wait for the first event
 *     willListen     whether it depends on them that anything listens
 *     pendingTimers  how many timers are left; they are paused until the first event
 */
import { begin, main, requireOf } from './by_name.js'
import { closeCoders } from './coders.js'
import { engine } from './engine.js'
import { codedError } from './errors.js'
import { install as installFiles } from './fs/tree.js'
import { listeners } from './http/server.js'
import { parkedCount } from './host.js'
import { houseFrame } from './loop/context.js'
import { immediatesWait } from './loop/immediates.js'
import { ExitSignal, onFatal } from './loop/uncaught.js'
import { pauseTimers, timerCount, waitingTimeouts } from './loop/timers.js'
import { turnHooks } from './loop/turn.js'
import { underWay } from './loop/work.js'
import { process } from './node/process.js'
import { phase } from './phase.js'
import { emptyPools, forgetRandom } from './random.js'
import { routesOf } from './routes.js'
import { shiftFirstLine } from './stacks.js'
import { forgetClock, restartClock } from './web/performance.js'

/** How long a bot that does not listen yet may sleep at its top level before the image is made without waiting. */
const LONGEST_SLEEP = 10_000

const WRAPPER = '(function (exports, require, module, __filename, __dirname) {'

export function boot(bundle, json) {
  const options = JSON.parse(json)
  const state = { running: true, failure: undefined, settled: false, finish: undefined }
  const result = new Promise((resolve) => { state.finish = resolve })

  phase.now = 'boot'
  restartClock()
  phase.parking = !options.database
  process.env = { ...options.env }
  process.argv = ['/usr/local/bin/node', options.file]
  installFiles(options.files)

  onFatal.handle = (error) => { state.failure ??= error }
  turnHooks.after = () => check(state)
  turnHooks.holdTimers = () => state.running && listeners().length === 0 && shortSleeps()

  engine.setAsyncContext(houseFrame(undefined))
  const done = run(bundle, options)
  engine.setAsyncContext(undefined)
  done.then(() => { state.settled = true }, (error) => {
    state.settled = true
    if (!(error instanceof ExitSignal)) state.failure ??= error
  })
  return result
}

async function run(bundle, { format, file }) {
  begin(file)
  if (format === 'esm') {
    // What the bundler makes of CommonJS packages in an ES module asks for a global `require`.
    Object.defineProperty(globalThis, 'require', { value: requireOf(file), writable: true, configurable: true })
    return engine.evalModule(bundle, file)
  }
  const module = main
  shiftFirstLine(file, WRAPPER.length)
  const source = bundle.startsWith('#!') ? `//${bundle}` : bundle
  const evaluate = engine.evalScript(`${WRAPPER}${source}\n})`, file)
  evaluate.call(module.exports, module.exports, module.require, module, file, file.replace(/\/[^/]*$/, '') || '/')
  module.loaded = true
}

function shortSleeps() {
  return waitingTimeouts().some((ms) => ms <= LONGEST_SLEEP)
}

/** Ends the boot when nothing is left that could go on. */
function check(state) {
  if (!state.running || immediatesWait()) return
  const stopped = state.failure !== undefined
  if (!stopped && (underWay() > 0 || (listeners().length === 0 && shortSleeps()))) return
  // A top-level await that waits for a parked call goes on at the first event.
  if (!stopped && !state.settled && parkedCount() === 0 && timerCount() > 0 && shortSleeps()) return

  state.running = false
  turnHooks.after = () => {}
  turnHooks.holdTimers = () => false
  const failure = state.failure ?? problemOf(state)
  phase.now = 'idle'
  phase.parking = false
  pauseTimers()
  closeCoders()
  forgetRandom()
  emptyPools()
  forgetClock()
  state.finish(JSON.stringify(report(failure)))
}

/** Why a bot that threw nothing is still of no use. */
function problemOf(state) {
  if (listeners().length > 0 || parkedCount() > 0) return undefined
  if (!state.settled) {
    return codedError(Error, 'ERR_UNSETTLED_TOP_LEVEL', 'The bot never finished starting: its top level awaits something that nothing can bring about any more.')
  }
  return codedError(Error, 'ERR_NOTHING_LISTENS', 'The bot started, but it listens on no port. Call `app.listen(process.env.PORT)` at its end.')
}

function report(failure) {
  return {
    ok: failure === undefined,
    error: failure === undefined ? undefined : describe(failure),
    listening: listeners().map(([port, server]) => ({ port, routes: routesOf(server) })),
    parked: parkedCount(),
    willListen: listeners().length === 0 && parkedCount() > 0,
    pendingTimers: timerCount(),
  }
}

function describe(error) {
  if (error instanceof ExitSignal) {
    return { message: `The bot called process.exit(${error.code}) while it started.`, stack: error.stack, code: 'ERR_PROCESS_EXIT' }
  }
  if (!(error instanceof Error)) return { message: String(error?.message ?? error), stack: error?.stack, code: error?.code }
  const cause = error.cause instanceof Error ? `\nCaused by: ${error.cause.stack}` : ''
  return { message: `${error.name}: ${error.message}`, stack: `${error.stack}${cause}`, code: error.code }
}
