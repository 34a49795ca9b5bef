/** Modules that programs import without need: they can be imported, and say why when they are used. */
import { codedError, unavailable } from '../errors.js'

const WHY = {
  child_process: ['a bot cannot start other programs', ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync']],
  cluster: ['Roost runs as many instances of a bot as its events need', ['fork', 'setupPrimary', 'setupMaster']],
  dgram: ['a bot has no UDP', ['createSocket', 'Socket']],
  domain: ['use try/catch, promises or AsyncLocalStorage', ['create', 'createDomain']],
  http2: ['use `fetch`, `http` or `https`: the host speaks whatever protocol the other side wants', ['connect', 'createServer', 'createSecureServer']],
  inspector: ['the engine has no inspector', ['open', 'Session']],
  repl: ['there is no terminal', ['start']],
  sea: ['a bot is no executable', ['getAsset']],
  sqlite: ['use `pg`: every project has its own schema in Postgres', ['DatabaseSync']],
  test: ['tests run on your own machine, with `node --test`', ['test', 'describe', 'it']],
  trace_events: ['the engine has no tracing', ['createTracing']],
  v8: ['this is not V8', ['getHeapSnapshot', 'writeHeapSnapshot', 'setFlagsFromString', 'startupSnapshot']],
  vm: ['evaluate code with `new Function` if you must', ['createContext', 'createScript', 'SourceTextModule']],
  wasi: ['a bot cannot start other WebAssembly programs', ['WASI']],
}

export const STUBS = Object.keys(WHY)

/** What can be answered without the missing part. */
const EXTRAS = {
  cluster: () => ({ isMaster: true, isPrimary: true, isWorker: false, workers: {}, on() {}, once() {}, settings: {} }),
  http2: () => ({
    constants: {
      HTTP2_HEADER_AUTHORITY: ':authority', HTTP2_HEADER_METHOD: ':method', HTTP2_HEADER_PATH: ':path',
      HTTP2_HEADER_SCHEME: ':scheme', HTTP2_HEADER_STATUS: ':status', HTTP2_METHOD_GET: 'GET', HTTP2_METHOD_POST: 'POST',
      NGHTTP2_CANCEL: 8, NGHTTP2_NO_ERROR: 0, NGHTTP2_REFUSED_STREAM: 7,
    },
    sensitiveHeaders: Symbol('nodejs.http2.sensitiveHeaders'),
    Http2ServerRequest: class Http2ServerRequest {}, Http2ServerResponse: class Http2ServerResponse {},
  }),
  inspector: () => ({ url() {}, console: globalThis.console }),
  v8: () => ({
    getHeapStatistics() {
      const { heapUsed, heapTotal } = process.memoryUsage()
      return { total_heap_size: heapTotal, used_heap_size: heapUsed, heap_size_limit: heapTotal, malloced_memory: heapUsed }
    },
    getHeapSpaceStatistics: () => [], cachedDataVersionTag: () => 0,
    serialize: (value) => globalThis.Buffer.from(JSON.stringify(value)),
    deserialize: (bytes) => JSON.parse(globalThis.Buffer.from(bytes).toString()),
  }),
  vm: () => ({
    isContext: () => false,
    constants: Object.freeze({ __proto__: null, USE_MAIN_CONTEXT_DEFAULT_LOADER: Symbol('vm_dynamic_import_main_context_default'), DONT_CONTEXTIFY: Symbol('vm_context_no_contextify') }),
    Script: class Script {
      #code
      constructor(code) {
        this.#code = `${code}`
        new Function(this.#code) // eslint-disable-line no-new
      }

      runInThisContext() { return (0, eval)(this.#code) } // eslint-disable-line no-eval
      runInNewContext() { throw unavailable('vm.Script.runInNewContext', 'There is one global object.') }
    },
    // The one global object is the only context there is.
    runInThisContext: (code) => (0, eval)(code), // eslint-disable-line no-eval
    runInNewContext: (code, sandbox = {}) => new Function(...Object.keys(sandbox), `return eval(${JSON.stringify(code)})`)(...Object.values(sandbox)),
  }),
}

export function stub(name) {
  const [why, names] = WHY[name]
  const refuse = (what) => function () {
    throw codedError(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `${name}.${what} is not available in Roost: ${why}.`)
  }
  return { ...Object.fromEntries(names.map((what) => [what, refuse(what)])), ...EXTRAS[name]?.() }
}
