'use strict'
// Node's `test/common`, as far as a file needs it that starts no process, opens no socket and writes no file.

const assert = require('assert')
const { inspect } = require('util')
const { promised, Skip } = require('../../driver.js')

const noop = () => {}

/** Notes calls that have to come; the driver waits for them, and counts. */
function counted(body, least, most) {
  if (typeof body === 'number') [body, least, most] = [noop, body, body]
  const note = { name: body?.name || '<anonymous>', actual: 0, least, most }
  promised.add(note)
  const wrapped = function (...args) {
    note.actual++
    return (body ?? noop).apply(this, args)
  }
  // A function with properties of the other's: some look at `length` and `name`.
  Object.defineProperties(wrapped, { name: { value: body?.name ?? '', configurable: true }, length: { value: body?.length ?? 0, configurable: true } })
  return wrapped
}

const mustCall = (body, exact = 1) => counted(body, exact, exact)
const mustCallAtLeast = (body, least = 1) => counted(body, typeof body === 'number' ? body : least, Infinity)

function mustSucceed(body, exact) {
  return mustCall(function (error, ...args) {
    assert.ifError(error)
    return typeof body === 'function' ? body.apply(this, args) : undefined
  }, typeof body === 'number' ? body : exact)
}

function mustNotCall(message) {
  return function mustNotCall(...args) {
    assert.fail(`${message || 'function should not have been called'}${args.length ? ` with ${args.map((value) => inspect(value)).join(', ')}` : ''}`)
  }
}

function mustNotMutateObjectDeep(original) {
  return original
}

function expectsError(expected, exact) {
  return mustCall((...args) => {
    assert.strictEqual(args.length, 1, `expected one argument, got ${inspect(args)}`)
    const [error] = args
    assert.strictEqual(Object.prototype.propertyIsEnumerable.call(error, 'message'), false, 'The error message should be non-enumerable')
    const part = { ...expected }
    if (typeof part.type === 'function') {
      assert.ok(error instanceof part.type)
      delete part.type
    }
    for (const [key, value] of Object.entries(part)) {
      if (value instanceof RegExp) assert.match(String(error[key]), value)
      else if (key !== 'generatedMessage') assert.deepStrictEqual(error[key], value)
    }
    return true
  }, exact)
}

/** Warnings that have to come, each once: by their name, as texts or with a code. Those that a flag asks for may stay away. */
const expected = new Map()
const settings = { warningsMayStayAway: false }
function expectWarning(given, texts, code) {
  const list = typeof given === 'string' ? { [given]: Array.isArray(texts) && !Array.isArray(texts[0]) && texts.length === 2 && /^DEP|^[A-Z_]+\d*$/.test(texts[1] ?? '') ? [texts] : typeof texts === 'string' ? [[texts, code]] : texts } : given
  if (expected.size === 0) {
    process.on('warning', (warning) => {
      const left = expected.get(warning.name)
      if (!left) return
      const [text, wanted] = left.shift() ?? assert.fail(`a warning too many: ${warning}`)
      if (text instanceof RegExp) assert.match(warning.message, text)
      else assert.strictEqual(warning.message, text)
      assert.strictEqual(warning.code, wanted)
      seen.get(warning.name)()
    })
  }
  for (const [name, value] of Object.entries(list)) {
    const items = (Array.isArray(value) ? value : typeof value === 'object' && !(value instanceof RegExp) ? Object.entries(value).map(([dep, text]) => [text, dep]) : [value]).map((item) => (Array.isArray(item) ? item : [item, undefined]))
    expected.set(name, items)
    seen.set(name, counted(noop, settings.warningsMayStayAway ? 0 : items.length, items.length))
  }
}
const seen = new Map()

/** The end of a message about a value of the wrong type. */
function invalidArgTypeHelper(input) {
  if (input == null) return ` Received ${input}`
  if (typeof input === 'function') return ` Received function ${input.name}`
  if (typeof input === 'object') {
    if (input.constructor?.name) return ` Received an instance of ${input.constructor.name}`
    return ` Received ${inspect(input, { depth: -1 })}`
  }
  let shown = inspect(input, { colors: false })
  if (shown.length > 28) shown = `${shown.slice(0, 25)}...`
  return ` Received type ${typeof input} (${shown})`
}

const VIEWS = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView]

/** A buffer's bytes by every view that fits. */
function getArrayBufferViews({ buffer, byteOffset, byteLength }) {
  const fits = VIEWS.filter(({ BYTES_PER_ELEMENT: size = 1 }) => byteLength % size === 0 && byteOffset % size === 0)
  return fits.map((View) => new View(buffer, byteOffset, byteLength / (View.BYTES_PER_ELEMENT ?? 1)))
}

const getBufferSources = (bytes) => [...getArrayBufferViews(bytes), new Uint8Array(bytes).buffer]

function skip(message) {
  throw new Skip(message)
}

function hasOpenSSL(major = 0, minor = 0, patch = 0) {
  const [, ...has] = process.versions.openssl.match(/(\d+)\.(\d+)\.(\d+)/)
  const [a, b] = [has, [major, minor, patch]].map(([x, y, z]) => Number(x) * 1e6 + Number(y) * 1e3 + Number(z))
  return a >= b
}

module.exports = {
  settings,
  mustCall, mustCallAtLeast, mustSucceed, mustNotCall, mustNotMutateObjectDeep, expectsError, expectWarning, invalidArgTypeHelper,
  getArrayBufferViews, getBufferSources, skip, printSkipMessage: noop, hasOpenSSL, allowGlobals: noop,
  get hasOpenSSL3() { return hasOpenSSL(3) },
  get hasOpenSSL31() { return hasOpenSSL(3, 1) },
  hasCrypto: true, hasFipsCrypto: false, hasIntl: typeof Intl === 'object', hasQuic: false, hasIPv6: false, opensslCli: false,
  isWindows: false, isMacOS: false, isOSX: false, isLinux: true, isFreeBSD: false, isSunOS: false, isAIX: false, isIBMi: false, isASan: false, isDebug: false,
  isMainThread: true, isAlive: () => false, isDumbTerminal: true, inFreeBSDJail: false, isPi: () => false, enoughTestMem: false, enoughTestCpu: true,
  PORT: 12346, localhostIPv4: '127.0.0.1', platformTimeout: (ms) => ms, nodeProcessAborted: () => false, disableCrashOnUnhandledRejection: noop,
  getCallSite: () => '', runWithInvalidFD: noop, requireNoPackageJSONAbove: noop, skipIf32Bits: noop, skipIfInspectorDisabled: noop,
  skipIfWorker: noop, skipIfSQLiteMissing: noop, skipIfEslintMissing: () => skip('eslint is not there'), escapePOSIXShell: String.raw,
}
