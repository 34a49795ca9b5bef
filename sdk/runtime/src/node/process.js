/** `process`. */
import { engine } from '../engine.js'
import { codedError, invalidArgType, systemError, unavailable } from '../errors.js'
import { log } from '../host.js'
import { zoneChanged } from '../intl/zone_change.js'
import { nextTick } from '../loop/ticks.js'
import { ExitSignal, onFatal } from '../loop/uncaught.js'
import { Buffer } from './buffer.js'
import { parseEnv } from './env_file.js'
import { EventEmitter } from './events.js'

export const VERSION = 'v22.23.5'

/** An environment, whose values are text whatever is put in. Dates are in the zone that its `TZ` names. */
export const environment = (values) => new Proxy({ ...values }, {
  set(target, name, value) {
    if (name === 'TZ') zoneChanged(`${value}`)
    return Reflect.set(target, name, `${value}`)
  },
  deleteProperty(target, name) {
    if (name === 'TZ') zoneChanged(undefined)
    return Reflect.deleteProperty(target, name)
  },
  defineProperty: (target, name, given) => Reflect.defineProperty(target, name, 'value' in given ? { ...given, value: `${given.value}` } : given),
})

function Process() {
  EventEmitter.call(this)
}
Object.setPrototypeOf(Process.prototype, EventEmitter.prototype)
Object.defineProperty(Process, 'name', { value: 'process' })

const process = new Process()

/** What modules.js sets: getBuiltinModule needs the table of modules, which needs this one. */
export const late = { getBuiltinModule: () => undefined }

Object.assign(process, {
  title: 'node',
  version: VERSION,
  versions: {
    node: VERSION.slice(1), v8: '12.4.254.21-node.57', uv: '1.51.0', zlib: '1.3.1', modules: '127', openssl: '3.5.9',
    cldr: '48.0', icu: '78.3', unicode: '17.0', roost: '0.1.0',
  },
  arch: 'x64',
  platform: 'linux',
  release: { name: 'node', lts: 'Jod' },
  argv: ['/usr/local/bin/node', '/app/app.js'],
  argv0: 'node',
  execArgv: [],
  execPath: '/usr/local/bin/node',
  env: environment({}),
  pid: 1,
  ppid: 0,
  exitCode: undefined,
  features: { inspector: false, debug: false, uv: true, ipv6: true, tls: true, typescript: false, require_module: true },
  config: { target_defaults: {}, variables: {} },
  allowedNodeEnvironmentFlags: new Set(),
  report: {},
  moduleLoadList: [],
  noDeprecation: false,
  nextTick,
  exit,
  reallyExit: exit,
  abort: () => exit(134),
  kill(pid, signal) {
    // Zero asks whether a process is there; the bot's own is.
    if (signal !== 0) throw unavailable('process.kill')
    if (pid !== process.pid) throw Object.assign(systemError('ESRCH', '', 'kill'), { message: 'kill ESRCH' })
    return true
  },
  chdir: () => { throw unavailable('process.chdir', 'The working directory is /app.') },
  dlopen: () => { throw unavailable('process.dlopen', 'Native add-ons cannot run here: use a package in plain JavaScript.') },
  binding: (name) => { throw codedError(Error, 'ERR_UNKNOWN_BUILTIN_MODULE', `No such binding: ${name}`) },
  cwd: () => '/app',
  umask: () => 0o22,
  uptime: () => engine.monotonic() / 1000,
  hrtime,
  memoryUsage,
  resourceUsage: () => ({ userCPUTime: 0, systemCPUTime: 0, maxRSS: Math.round(engine.memory().used / 1024) }),
  cpuUsage: () => ({ user: 0, system: 0 }),
  availableMemory: () => engine.memory().limit - engine.memory().used,
  constrainedMemory: () => engine.memory().limit,
  getActiveResourcesInfo: () => [],
  emitWarning,
  getuid: () => 1000, geteuid: () => 1000, getgid: () => 1000, getegid: () => 1000, getgroups: () => [1000],
  setUncaughtExceptionCaptureCallback(callback) { capture = callback },
  hasUncaughtExceptionCaptureCallback: () => capture !== null,
  setSourceMapsEnabled() {},
  getBuiltinModule: (name) => late.getBuiltinModule(name),
  loadEnvFile,
  stdout: output(1, 'info'),
  stderr: output(2, 'error'),
})
Object.defineProperty(process, Symbol.toStringTag, { value: 'process', configurable: true })

let capture = null
let input

Object.defineProperty(process, 'stdin', {
  configurable: true,
  enumerable: true,
  get() {
    if (!input) {
      const { Readable } = late.getBuiltinModule('stream')
      input = Object.assign(new Readable({ read() { this.push(null) } }), { fd: 0, isTTY: false })
    }
    return input
  },
})

function loadEnvFile(path = '.env') {
  const { readFileSync } = late.getBuiltinModule('fs')
  for (const [name, value] of Object.entries(parseEnv(readFileSync(path, 'utf8')))) process.env[name] ??= value
}

function hrtime(before) {
  const now = engine.monotonic()
  let seconds = Math.floor(now / 1000)
  let nanos = Math.floor((now % 1000) * 1e6)
  if (before) {
    seconds -= before[0]
    nanos -= before[1]
    if (nanos < 0) { seconds--; nanos += 1e9 }
  }
  return [seconds, nanos]
}
hrtime.bigint = () => BigInt(Math.round(engine.monotonic() * 1e6))

function memoryUsage() {
  const { used, limit } = engine.memory()
  return { rss: used, heapTotal: limit, heapUsed: used, external: 0, arrayBuffers: 0 }
}
memoryUsage.rss = () => engine.memory().used

function exit(code = process.exitCode) {
  code = Number(code ?? 0)
  process.exitCode = code
  if (!process._exiting) {
    process._exiting = true
    process.emit('exit', code)
  }
  const signal = new ExitSignal(code)
  onFatal.handle(signal, 'exit')
  throw signal
}

function emitWarning(warning, type, code) {
  let detail
  if (typeof type === 'object' && type !== null) ({ type, code, detail } = type)
  if (typeof warning === 'string') {
    const text = warning
    warning = new Error(text)
    warning.name = String(typeof type === 'string' ? type : 'Warning')
    if (code !== undefined) warning.code = code
    if (detail !== undefined) warning.detail = detail
  } else if (!(warning instanceof Error)) {
    throw invalidArgType('warning', 'of type string or an instance of Error', warning)
  }
  if (warning.name === 'DeprecationWarning' && process.noDeprecation) return
  nextTick(() => {
    process.emit('warning', warning)
    const tag = warning.code ? `[${warning.code}] ` : ''
    log('warn', `${tag}${warning.name}: ${warning.message}`)
  })
}

/** A standard stream: whole lines go to the log, what lacks its newline waits for the end of the turn. */
function output(fd, level) {
  const stream = new EventEmitter()
  let rest = ''
  let scheduled = false

  function flush() {
    scheduled = false
    if (rest) log(level, rest)
    rest = ''
  }

  function write(chunk, encoding, callback) {
    if (typeof encoding === 'function') [callback, encoding] = [encoding, undefined]
    rest += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    const end = rest.lastIndexOf('\n')
    if (end >= 0) {
      log(level, rest.slice(0, end))
      rest = rest.slice(end + 1)
    }
    if (rest && !scheduled) {
      scheduled = true
      nextTick(flush)
    }
    if (callback) nextTick(callback)
    return true
  }

  return Object.assign(stream, {
    fd, isTTY: false, writable: true, writableLength: 0, writableHighWaterMark: 16384, columns: 80, rows: 24, _type: 'fs',
    write,
    end(chunk, encoding, callback) {
      if (typeof chunk === 'function') return chunk()
      if (chunk !== undefined) write(chunk, encoding, callback)
      return stream
    },
    cork() {}, uncork() {}, destroy() { return stream }, ref() {}, unref() {},
    getColorDepth: () => 1, hasColors: () => false, getWindowSize: () => [80, 24],
    clearLine: () => true, cursorTo: () => true, moveCursor: () => true,
    _handle: { fd, setBlocking() {} },
  })
}

onFatal.process = {
  emit(name, ...args) {
    if (name === 'uncaughtException' && capture) {
      capture(args[0])
      return true
    }
    return process.emit(name, ...args)
  },
}

export { process }
export default process
