/** The builtin modules: each is evaluated when it is first asked for. */
import { codedError } from './errors.js'
import { STUBS, stub } from './node/stubs.js'
import { late } from './node/process.js'

/** `require` of an ES module in the bundle is how it is evaluated late; the default export is what bots get. */
const LOADERS = {
  assert: () => require('./node/assert.js').default,
  'assert/strict': () => require('./node/assert.js').default.strict,
  async_hooks: () => require('./node/async_hooks.js').default,
  buffer: () => require('./node/buffer.js').default,
  console: () => require('./node/console.js').default,
  constants: () => load('os').constants.signals,
  crypto: () => require('./node/crypto.js').default,
  diagnostics_channel: () => require('./node/diagnostics_channel.js').default,
  dns: () => require('./node/dns.js').default,
  'dns/promises': () => load('dns').promises,
  events: () => require('./node/events.js').default,
  fs: () => require('./node/fs.js').default,
  'fs/promises': () => load('fs').promises,
  http: () => require('./node/http.js').default,
  https: () => require('./node/https.js').default,
  module: () => require('./node/module.js').default,
  net: () => require('./node/net.js').default,
  os: () => require('./node/os.js').default,
  path: () => require('./node/path.js').default,
  'path/posix': () => load('path'),
  'path/win32': () => load('path').win32,
  perf_hooks: () => require('./node/perf_hooks.js').default,
  process: () => require('./node/process.js').default,
  punycode: () => require('./node/punycode.js').default,
  querystring: () => require('./node/querystring.js').default,
  readline: () => require('./node/readline.js').default,
  'readline/promises': () => load('readline').promises,
  stream: () => require('./node/stream.js').default,
  'stream/consumers': () => require('./node/stream_consumers.js').default,
  'stream/promises': () => load('stream').promises,
  'stream/web': () => require('./node/stream_web.js').default,
  string_decoder: () => require('./node/string_decoder.js').default,
  timers: () => require('./node/timers.js').default,
  'timers/promises': () => require('./node/timers_promises.js').default,
  tls: () => require('./node/tls.js').default,
  tty: () => require('./node/tty.js').default,
  url: () => require('./node/url.js').default,
  util: () => require('./node/util.js').default,
  'util/types': () => require('./node/util_types.js').default,
  worker_threads: () => require('./node/worker_threads.js').default,
  zlib: () => require('./node/zlib.js').default,
  // Not Node's, but given by Roost under the names that bots ask for.
  argon2: () => require('./passwords/argon2.js').default,
  bcrypt: () => require('./passwords/bcrypt.js').default,
  bcryptjs: () => require('./passwords/bcryptjs.js').default,
  pg: () => require('./pg/index.js').default,
  'pg-pool': () => load('pg').Pool,
  'real-require': () => require('./node/real_require.js').default,
  roost: () => require('./roost.js').default,
  'thread-stream': () => require('./node/thread_stream.js').default,
  undici: () => require('./node/undici.js').default,
  // The name that npm has it by.
  '@roost-host/roost': () => load('roost'),
  // What the build's own code in a bundle asks for.
  'roost/modules': () => require('./by_name.js').default,
}
export const OURS = new Set(['argon2', 'bcrypt', 'bcryptjs', 'pg', 'pg-pool', 'real-require', 'roost', '@roost-host/roost', 'roost/modules', 'thread-stream', 'undici'])

const loaded = new Map()

/** Node's modules that a bot can import; the build writes them down for the bundler. */
export const builtinModules = Object.keys(LOADERS).filter((name) => !OURS.has(name)).concat(STUBS).sort()

export function isBuiltin(name) {
  const bare = `${name}`.replace(/^node:/, '')
  return bare in LOADERS || STUBS.includes(bare)
}

/** The exports of a builtin module, or an error that says what to do instead. */
export function load(specifier) {
  const name = specifier.startsWith('node:') ? specifier.slice(5) : specifier
  let exports = loaded.get(name)
  if (exports !== undefined) return exports
  if (Object.hasOwn(LOADERS, name)) exports = LOADERS[name]()
  else if (STUBS.includes(name)) exports = stub(name)
  else throw missing(specifier, name)
  restoreNames(exports)
  loaded.set(name, exports)
  return exports
}

/** The bundler numbers names that occur twice, and puts `_` before classes that name themselves; people see the names. */
export function restoreNames(exports) {
  for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(exports))) {
    if (typeof value !== 'function' || value.name === key || !Object.getOwnPropertyDescriptor(value, 'name')?.configurable) continue
    const { name } = value
    if (name !== '' && !(name.replace(/^_+/, '').startsWith(key) && /^_*\d*$/.test(name.replace(key, '')))) continue
    Object.defineProperty(value, 'name', { value: key, configurable: true })
  }
}

/** The error for what no `require` of this file leads to. */
export function missing(specifier, name, from = '/app/app.js') {
  if (specifier.startsWith('node:')) {
    return codedError(Error, 'ERR_UNKNOWN_BUILTIN_MODULE', `No such built-in module: ${specifier}. Roost does not provide ` +
      `"${name}"; take the code that needs it out of the bot, or a package that does the same in plain JavaScript.`)
  }
  if (/\.node$/.test(specifier) || /^(bindings|node-gyp-build|node-pre-gyp|@mapbox\/node-pre-gyp)$/.test(specifier)) {
    return codedError(Error, 'ERR_DLOPEN_FAILED', `"${specifier}" loads a native add-on, and machine code cannot run in Roost. ` +
      'Use a package in plain JavaScript instead: for instance jimp for sharp, `pg` for better-sqlite3.')
  }
  return codedError(Error, 'MODULE_NOT_FOUND', `Cannot find module '${specifier}'. It is not in the bundle: add it to ` +
    '"dependencies" in package.json, and name it in quotes somewhere in the bot\'s own code, so that it is bundled.' +
    `\nRequire stack:\n- ${from}`, { requireStack: [from] })
}

/** The exports of a module as an ES module has them: named, and `default`. */
export function namespaceOf(specifier) {
  const exports = load(specifier)
  const names = { __proto__: null }
  if (typeof exports === 'object' || typeof exports === 'function') {
    for (const name of Object.keys(exports)) {
      // Getters of modules load what is seldom used; an import of one name must not load them all.
      names[name] = exports[name]
    }
  }
  names.default = exports
  return names
}

late.getBuiltinModule = (name) => (isBuiltin(name) ? load(name) : undefined)
