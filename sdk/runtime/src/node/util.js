/** `node:util`. */
import { codedError, requireFunction } from '../errors.js'
import { TextDecoder, TextEncoder } from '../web/encoding.js'
import { isDeepStrictEqual } from './deep_equal.js'
import { parseEnv } from './env_file.js'
import { format, formatWithOptions, inspect } from './inspect.js'
import types from './util_types.js'

const kPromisify = Symbol.for('nodejs.util.promisify.custom')
const kPromisifyArgs = Symbol('customPromisifyArgs')

export function inherits(constructor, parent) {
  requireFunction(constructor, 'ctor')
  requireFunction(parent, 'superCtor')
  Object.defineProperty(constructor, 'super_', { value: parent, writable: true, configurable: true })
  Object.setPrototypeOf(constructor.prototype, parent.prototype)
}

export function promisify(original) {
  requireFunction(original, 'original')
  if (original[kPromisify]) {
    const made = original[kPromisify]
    return Object.defineProperty(made, kPromisify, { value: made, configurable: true })
  }
  const names = original[kPromisifyArgs]

  function fn(...args) {
    return new Promise((resolve, reject) => {
      original.call(this, ...args, (error, ...values) => {
        if (error) return reject(error)
        if (names && values.length > 1) return resolve(Object.fromEntries(names.map((name, i) => [name, values[i]])))
        resolve(values[0])
      })
    })
  }
  Object.setPrototypeOf(fn, Object.getPrototypeOf(original))
  Object.defineProperty(fn, kPromisify, { value: fn, configurable: true })
  return Object.defineProperties(fn, Object.getOwnPropertyDescriptors(original))
}
promisify.custom = kPromisify
export { kPromisifyArgs }

export function callbackify(original) {
  requireFunction(original, 'original')
  return function callbackified(...args) {
    const callback = args.pop()
    requireFunction(callback, 'last argument')
    Reflect.apply(original, this, args).then(
      (value) => process.nextTick(callback, null, value),
      (error) => process.nextTick(callback, error ?? codedError(Error, 'ERR_FALSY_VALUE_REJECTION',
        'Promise was rejected with falsy value', { reason: error })))
  }
}

export function deprecate(fn, message, code) {
  let warned = false
  function deprecated(...args) {
    if (!warned && !process.noDeprecation) {
      warned = true
      process.emitWarning(message, 'DeprecationWarning', code)
    }
    return new.target ? Reflect.construct(fn, args, new.target) : Reflect.apply(fn, this, args)
  }
  Object.setPrototypeOf(deprecated, fn)
  if (fn.prototype) deprecated.prototype = fn.prototype
  return deprecated
}

export function debuglog(section, callback) {
  const names = (process.env.NODE_DEBUG ?? '').split(',').map((name) => name.trim().toLowerCase())
  const enabled = names.includes(section.toLowerCase())
  const write = (...args) => {
    if (enabled) process.stderr.write(`${section.toUpperCase()} ${process.pid}: ${format(...args)}\n`)
  }
  write.enabled = enabled
  callback?.(write)
  return write
}

export function stripVTControlCharacters(text) {
  // eslint-disable-next-line no-control-regex
  return String(text).replace(/[\u001B\u009B][[\]()#;?]*(?:(?:[-a-zA-Z\d/#&.:=?%@~_]+)*\u0007|(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~])/g, '')
}

export function styleText(style, text) {
  const styles = Array.isArray(style) ? style : [style]
  return styles.reduceRight((inner, name) => {
    const color = inspect.colors[name]
    if (!color) throw codedError(TypeError, 'ERR_INVALID_ARG_VALUE', `unknown style ${name}`)
    return `\u001b[${color[0]}m${inner}\u001b[${color[1]}m`
  }, String(text))
}

function getCallSites(count = 8) {
  const { prepareStackTrace, stackTraceLimit } = Error
  Error.stackTraceLimit = (typeof count === 'number' ? count : 8) + 1
  Error.prepareStackTrace = (_, sites) => sites
  const holder = {}
  Error.captureStackTrace(holder, getCallSites)
  const sites = holder.stack
  Error.prepareStackTrace = prepareStackTrace
  Error.stackTraceLimit = stackTraceLimit
  return sites.map((site) => ({
    functionName: site.getFunctionName() ?? '', scriptName: site.getFileName() ?? '', scriptId: '0',
    lineNumber: site.getLineNumber(), columnNumber: site.getColumnNumber(), column: site.getColumnNumber(),
  }))
}

function aborted(signal) {
  return signal.aborted ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function toUSVString(text) {
  return String(text).toWellFormed()
}

class MIMEType {
  constructor(text) {
    const match = /^\s*([\w!#$&^.+-]+)\/([\w!#$&^.+-]+)\s*(;.*)?$/.exec(text)
    if (!match) throw codedError(TypeError, 'ERR_INVALID_MIME_SYNTAX', `The MIME syntax for a MIME type in "${text}" is invalid`)
    this.type = match[1].toLowerCase()
    this.subtype = match[2].toLowerCase()
    this.params = new Map([...(match[3] ?? '').matchAll(/;\s*([^=;\s]+)=("[^"]*"|[^;]*)/g)]
      .map(([, name, value]) => [name.toLowerCase(), value.trim().replace(/^"|"$/g, '')]))
  }

  get essence() { return `${this.type}/${this.subtype}` }
  toString() { return [this.essence, ...[...this.params].map(([name, value]) => `${name}=${value}`)].join(';') }
}

/** Parses the arguments of a command; a bot has none, but tools that bots share code with do. */
function parseArgs({ args = process.argv.slice(2), options = {}, allowPositionals = false, allowNegative = false, strict = true } = {}) {
  const values = { __proto__: null }
  const positionals = []
  const byShort = Object.fromEntries(Object.entries(options).map(([name, { short }]) => [short, name]))
  for (let i = 0; i < args.length; i++) {
    const match = /^(?:--([^=]+)|-(\w))(?:=(.*))?$/s.exec(args[i])
    if (args[i] === '--' || !match) {
      positionals.push(...(args[i] === '--' ? args.slice(i + 1) : [args[i]]))
      if (args[i] === '--') break
      continue
    }
    let name = match[1] ?? byShort[match[2]] ?? match[2]
    const isNegative = allowNegative && name.startsWith('no-') && match[3] === undefined && options[name] === undefined && options[name.slice(3)]?.type !== 'string'
    if (isNegative) name = name.slice(3)
    const option = options[name]
    if (strict && !option) throw codedError(TypeError, 'ERR_PARSE_ARGS_UNKNOWN_OPTION', `Unknown option '${args[i]}'`)
    const value = option?.type === 'string' ? match[3] ?? args[++i] : match[3] ?? !isNegative
    values[name] = option?.multiple ? [...(values[name] ?? []), value] : value
  }
  for (const [name, { default: fallback }] of Object.entries(options)) {
    if (fallback !== undefined) values[name] ??= fallback
  }
  if (strict && !allowPositionals && positionals.length > 0) {
    throw codedError(TypeError, 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL', `Unexpected argument '${positionals[0]}'`)
  }
  return { values, positionals }
}

export default {
  inherits, promisify, callbackify, deprecate, debuglog, debug: debuglog, format, formatWithOptions, inspect,
  isDeepStrictEqual, types, stripVTControlCharacters, styleText, getCallSites, aborted, toUSVString, MIMEType,
  parseArgs, parseEnv, TextDecoder, TextEncoder,
  getSystemErrorName: (errno) => `E${errno}`,
  log: (...args) => console.log(...args),
  _extend: (target, source) => (source === null || typeof source !== 'object' ? target : Object.assign(target, source)),
  isArray: Array.isArray,
  isBoolean: (value) => typeof value === 'boolean',
  isNull: (value) => value === null,
  isNullOrUndefined: (value) => value === null || value === undefined,
  isNumber: (value) => typeof value === 'number',
  isString: (value) => typeof value === 'string',
  isSymbol: (value) => typeof value === 'symbol',
  isUndefined: (value) => value === undefined,
  isObject: (value) => value !== null && typeof value === 'object',
  isFunction: (value) => typeof value === 'function',
  isPrimitive: (value) => value === null || (typeof value !== 'object' && typeof value !== 'function'),
  isRegExp: types.isRegExp,
  isDate: types.isDate,
  isError: (value) => types.isNativeError(value) || value instanceof Error,
  isBuffer: (value) => globalThis.Buffer.isBuffer(value),
}

