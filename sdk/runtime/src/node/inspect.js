/** `util.inspect` and `util.format`: how values are shown. */
import { engine } from '../engine.js'
import { textWidth } from './text_width.js'
import types from './util_types.js'

export const custom = Symbol.for('nodejs.util.inspect.custom')
const IDENTIFIER = /^[a-zA-Z_][a-zA-Z_0-9]*$/
const DEFAULTS = {
  showHidden: false, depth: 2, colors: false, customInspect: true, showProxy: false, maxArrayLength: 100,
  maxStringLength: 10_000, breakLength: 80, compact: 3, sorted: false, getters: false, numericSeparator: false,
}
const STYLES = {
  special: 'cyan', number: 'yellow', bigint: 'yellow', boolean: 'yellow', undefined: 'grey', null: 'bold',
  string: 'green', symbol: 'green', date: 'magenta', regexp: 'red', module: 'underline',
}
const COLORS = {
  reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], inverse: [7, 27], hidden: [8, 28],
  strikethrough: [9, 29], black: [30, 39], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39],
  magenta: [35, 39], cyan: [36, 39], white: [37, 39], gray: [90, 39], grey: [90, 39], redBright: [91, 39],
  greenBright: [92, 39], yellowBright: [93, 39], blueBright: [94, 39], magentaBright: [95, 39], cyanBright: [96, 39],
  whiteBright: [97, 39], bgBlack: [40, 49], bgRed: [41, 49], bgGreen: [42, 49], bgYellow: [43, 49],
  bgBlue: [44, 49], bgMagenta: [45, 49], bgCyan: [46, 49], bgWhite: [47, 49],
}

export function inspect(value, options, ...old) {
  const context = { ...DEFAULTS, ...inspect.defaultOptions, seen: [], indentation: 0, level: 0 }
  if (typeof options === 'boolean') {
    context.showHidden = options
    if (old[0] !== undefined) context.depth = old[0]
    if (old[1] !== undefined) context.colors = old[1]
  } else if (options) {
    Object.assign(context, options)
    context.userOptions = options
  }
  context.depth ??= Infinity
  context.maxArrayLength ??= Infinity
  context.maxStringLength ??= Infinity
  context.stylize = context.colors ? paint : (text) => text
  return show(context, value, true)
}

inspect.custom = custom
inspect.styles = STYLES
inspect.colors = COLORS
inspect.defaultOptions = { ...DEFAULTS }

function paint(text, style) {
  const color = COLORS[STYLES[style]]
  return color ? `\u001b[${color[0]}m${text}\u001b[${color[1]}m` : text
}

function show(context, value, typed) {
  if (value === null) return context.stylize('null', 'null')
  if (typeof value !== 'object' && typeof value !== 'function') return showPrimitive(context, value)

  if (context.customInspect) {
    const method = value[custom]
    if (typeof method === 'function' && method !== inspect) {
      const depth = context.depth - context.level
      const { seen, indentation, level, userOptions, ...rest } = context
      const result = method.call(value, depth, { ...rest, ...userOptions }, inspect)
      if (typeof result !== 'object') return String(result).replaceAll('\n', `\n${' '.repeat(context.indentation)}`)
      if (result !== value) return show(context, result, typed)
    }
  }
  if (context.seen.includes(value)) {
    context.circular ??= new Map()
    if (!context.circular.has(value)) context.circular.set(value, context.circular.size + 1)
    return context.stylize(`[Circular *${context.circular.get(value)}]`, 'special')
  }
  return showObject(context, value)
}

function showPrimitive(context, value) {
  switch (typeof value) {
    case 'string': return showString(context, value)
    case 'number': return context.stylize(Object.is(value, -0) ? '-0' : String(value), 'number')
    case 'bigint': return context.stylize(`${value}n`, 'bigint')
    case 'symbol': return context.stylize(value.toString(), 'symbol')
    default: return context.stylize(String(value), typeof value)
  }
}

function showString(context, text) {
  let rest = ''
  if (text.length > context.maxStringLength) {
    const left = text.length - context.maxStringLength
    text = text.slice(0, context.maxStringLength)
    rest = `... ${left} more character${left > 1 ? 's' : ''}`
  }
  if (context.compact !== true && text.length > 16 && text.length > context.breakLength - context.indentation - 4 &&
      text.includes('\n')) {
    const lines = text.split(/(?<=\n)/).map((line) => context.stylize(quote(line), 'string'))
    return lines.join(` +\n${' '.repeat(context.indentation + 2)}`) + rest
  }
  return context.stylize(quote(text), 'string') + rest
}

function quote(text) {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !/[`]|\$\{/.test(text) ? '`' : "'"
  // eslint-disable-next-line no-control-regex
  const escaped = text.replace(/[\x00-\x1f\x7f-\x9f\\]|'/g, (c) => {
    if (c === "'") return mark === "'" ? "\\'" : c
    const known = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\b': '\\b', '\f': '\\f', '\v': '\\v', '\\': '\\\\' }[c]
    return known ?? `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
  return mark + escaped + mark
}

function showObject(context, value) {
  const { name, isNull } = constructorOf(value)
  let keys = Object.keys(value)
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    if (context.showHidden || Object.prototype.propertyIsEnumerable.call(value, symbol)) keys.push(symbol)
  }
  const toStringTag = tagOf(value, name)
  const prefix = (fallback, size = '') => (isNull ? `[${fallback}${size}: null prototype] ` : `${name}${size} `) +
    (toStringTag ? `[${toStringTag}] ` : '')

  let braces = ['{', '}']
  let base = ''
  let items = () => []
  if (Array.isArray(value)) {
    braces = [name === 'Array' && !toStringTag ? '[' : `${prefix('Array', `(${value.length})`)}[`, ']']
    keys = keys.filter((key) => typeof key === 'symbol' || !/^(0|[1-9]\d*)$/.test(key))
    items = () => showArray(context, value)
  } else if (types.isSet(value)) {
    braces[0] = `${prefix('Set', `(${value.size})`)}{`
    items = () => [...Set.prototype.values.call(value)].map((item) => nested(context, item))
  } else if (types.isMap(value)) {
    braces[0] = `${prefix('Map', `(${value.size})`)}{`
    items = () => [...Map.prototype.entries.call(value)].map(([k, v]) => `${nested(context, k)} => ${nested(context, v)}`)
  } else if (types.isTypedArray(value)) {
    braces = [`${prefix(name ?? 'TypedArray', `(${value.length})`)}[`, ']']
    keys = keys.filter((key) => typeof key === 'symbol' || !/^(0|[1-9]\d*)$/.test(key))
    items = () => showArray(context, value)
  } else if (typeof value === 'function') {
    base = functionName(value, name)
    if (keys.length === 0) return context.stylize(base, 'special')
  } else if (types.isRegExp(value)) {
    base = RegExp.prototype.toString.call(value)
    if (keys.length === 0) return context.stylize(base, 'regexp')
  } else if (types.isDate(value)) {
    base = Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
    if (keys.length === 0) return context.stylize(base, 'date')
  } else if (types.isNativeError(value) || value instanceof Error) {
    base = errorText(context, value, isNull ? undefined : name, keys)
    if ('cause' in value && !keys.includes('cause')) keys.push('cause')
    if (Array.isArray(value.errors) && !keys.includes('errors')) keys.push('errors')
    if (keys.length === 0) return base
  } else if (types.isAnyArrayBuffer(value)) {
    braces[0] = `${prefix('ArrayBuffer')}{`
    items = () => {
      const bytes = new Uint8Array(value).subarray(0, 50)
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
      const more = value.byteLength > 50 ? ` ... ${value.byteLength - 50} more bytes` : ''
      return [`[Uint8Contents]: <${hex}${more}>`, `byteLength: ${context.stylize(String(value.byteLength), 'number')}`]
    }
  } else if (ArrayBuffer.isView(value)) {
    braces[0] = `${prefix('DataView')}{`
    items = () => ['byteLength', 'byteOffset', 'buffer'].map((key) => `${key}: ${nested(context, value[key])}`)
  } else if (types.isPromise(value)) {
    braces[0] = `${prefix('Promise')}{`
    items = () => [promiseText(context, value)]
  } else if (types.isProxy(value) && context.showProxy) {
    return context.stylize('[Proxy]', 'special')
  } else if (value instanceof WeakSet || value instanceof WeakMap) {
    braces[0] = `${prefix(name)}{`
    items = () => [context.stylize('<items unknown>', 'special')]
  } else if (types.isBoxedPrimitive(value)) {
    const primitive = value.valueOf()
    const kind = Object.prototype.toString.call(value).slice(8, -1)
    if (typeof primitive === 'string') keys = keys.filter((key) => !/^\d+$/.test(String(key)))
    base = context.stylize(`[${kind}: ${showPrimitive({ ...context, stylize: (text) => text }, primitive)}]`, typeof primitive)
    if (keys.length === 0) return base
  } else if (types.isArgumentsObject(value)) {
    braces = ['[Arguments] [', ']']
    keys = keys.filter((key) => !/^\d+$/.test(String(key)))
    items = () => showArray(context, value)
  } else {
    if (isNull && toStringTag === 'Module') braces[0] = '[Module: null prototype] {'
    else if (name !== 'Object' || isNull || toStringTag) braces[0] = `${prefix('Object')}{`
    if (keys.length === 0) return `${braces[0]}}`
  }

  if (context.level > context.depth) {
    const label = Array.isArray(value) ? 'Array' : isNull ? '[Object: null prototype]' : name || 'Object'
    return context.stylize(`[${label.replace(/^\[|\]$/g, '')}]`, 'special')
  }

  context.seen.push(value)
  context.innermost = context.level
  context.level++
  let output
  try {
    output = [...items(), ...keys.map((key) => showProperty(context, value, key))]
  } finally {
    context.level--
    context.seen.pop()
  }
  if (context.sorted) output.sort(typeof context.sorted === 'function' ? context.sorted : undefined)
  const reference = context.circular?.get(value)
  if (reference !== undefined) braces[0] = `${context.stylize(`<ref *${reference}>`, 'special')} ${braces[0]}`
  return combine(context, output, base, braces, Array.isArray(value) || types.isTypedArray(value) ? value : undefined)
}

function nested(context, value) {
  context.indentation += 2
  const text = show(context, value)
  context.indentation -= 2
  return text
}

function constructorOf(value) {
  let object = value
  while (object !== null) {
    const descriptor = Object.getOwnPropertyDescriptor(object, 'constructor')
    if (typeof descriptor?.value === 'function' && descriptor.value.name !== '') return { name: descriptor.value.name }
    object = Object.getPrototypeOf(object)
  }
  return { isNull: true }
}

function tagOf(value, name) {
  let tag
  try {
    tag = value[Symbol.toStringTag]
  } catch {
    return ''
  }
  // A name that says it already is enough: `SecretKeyObject`, whose tag is `KeyObject`.
  return typeof tag === 'string' && tag !== '' && !name?.startsWith(tag) && !name?.endsWith(tag) ? tag : ''
}

function functionName(value, constructorName) {
  const source = Function.prototype.toString.call(value)
  if (source.startsWith('class') && source.endsWith('}')) {
    const parent = Object.getPrototypeOf(value)
    return `[class ${value.name || '(anonymous)'}${parent?.name ? ` extends ${parent.name}` : ''}]`
  }
  const kind = constructorName ?? 'Function'
  return value.name ? `[${kind}: ${value.name}]` : `[${kind} (anonymous)]`
}

function errorText(context, error, constructor, keys) {
  let text = error.stack ? String(error.stack) : Error.prototype.toString.call(error)
  for (const key of ['name', 'message', 'stack']) {
    const position = keys.indexOf(key)
    if (position >= 0 && (typeof error[key] !== 'string' || text.includes(error[key]))) keys.splice(position, 1)
  }
  const name = `${error.name ?? 'Error'}`
  // What the error calls itself, and what it is when that is something else.
  if (name.endsWith('Error') && text.startsWith(name) && /^(:|\n|$)/.test(text.slice(name.length)) && constructor !== name) {
    const kind = constructor ?? `[${name}: null prototype]`
    text = (kind.includes(name) ? kind : `${kind} [${name}]`) + text.slice(name.length)
  }
  const message = error.message ? text.indexOf(error.message) : -1
  if (!text.includes('\n    at', message < 0 ? 0 : message + error.message.length)) text = `[${text}]`
  return text.replaceAll('\n', `\n${' '.repeat(context.indentation)}`)
}

function promiseText(context, promise) {
  const [state, result] = engine.promiseState(promise)
  if (state === 'pending') return context.stylize('<pending>', 'special')
  const text = nested(context, result)
  return state === 'rejected' ? `${context.stylize('<rejected>', 'special')} ${text}` : text
}

function showArray(context, array) {
  const output = []
  const length = Math.min(array.length, context.maxArrayLength)
  for (let i = 0; i < length; i++) {
    if (Object.hasOwn(array, i)) {
      output.push(nested(context, array[i]))
      continue
    }
    let holes = 1
    while (i + 1 < length && !Object.hasOwn(array, i + 1)) { i++; holes++ }
    output.push(context.stylize(`<${holes} empty item${holes > 1 ? 's' : ''}>`, 'undefined'))
  }
  const left = array.length - length
  if (left > 0) output.push(`... ${left} more item${left > 1 ? 's' : ''}`)
  if (context.showHidden && Array.isArray(array)) output.push(`[length]: ${context.stylize(String(array.length), 'number')}`)
  return output
}

function showProperty(context, object, key) {
  const descriptor = Object.getOwnPropertyDescriptor(object, key) ?? { value: object[key], enumerable: true }
  let text
  if (descriptor.value !== undefined || 'value' in descriptor) text = nested(context, descriptor.value)
  else if (descriptor.get) text = context.stylize(descriptor.set ? '[Getter/Setter]' : '[Getter]', 'special')
  else text = context.stylize(descriptor.set ? '[Setter]' : 'undefined', descriptor.set ? 'special' : 'undefined')

  let name
  if (typeof key === 'symbol') name = `[${context.stylize(key.toString(), 'symbol')}]`
  else if (IDENTIFIER.test(key)) name = context.stylize(key, 'name')
  else name = context.stylize(quote(key), 'string')
  if (descriptor.enumerable === false) name = `[${key.toString()}]`
  return `${name}: ${text}`
}

function combine(context, output, base, braces, list) {
  const start = base ? `${base} ` : ''
  if (output.length === 0) return `${start}${braces[0]}${braces[1]}`
  const entries = output.length
  if (list && entries > 6) output = columns(context, output, list)

  // One line, when few levels are inside and all of it fits.
  const shallow = context.compact === true || context.innermost - context.level < context.compact
  if (shallow && entries === output.length) {
    const length = output.reduce((sum, item) => sum + item.length, 2 * output.length + context.indentation + braces[0].length + base.length + 10)
    if (length <= context.breakLength && !output.some((item) => item.includes('\n')) && !base.includes('\n')) {
      return `${start}${braces[0]} ${output.join(', ')} ${braces[1]}`
    }
  }
  const indent = `\n${' '.repeat(context.indentation)}`
  return `${start}${braces[0]}${indent}  ${output.join(`,${indent}  `)}${indent}${braces[1]}`
}

/** Puts the short items of a long list in columns, about as wide as they are high. */
function columns(context, output, list) {
  const items = list.length > context.maxArrayLength ? output.slice(0, -1) : output
  const rest = output.slice(items.length)
  const sizes = items.map((item) => textWidth(item, context.colors))
  const widest = Math.max(...sizes) + 2
  const total = sizes.reduce((sum, size) => sum + size + 2, 0)
  if (widest * 3 + context.indentation >= context.breakLength || (total / widest <= 5 && widest > 8)) return output

  const bias = Math.max(widest - 3 - Math.sqrt(widest - total / output.length), 1)
  const count = Math.min(Math.round(Math.sqrt(2.5 * bias * items.length) / bias),
    Math.floor((context.breakLength - context.indentation) / widest), context.compact * 4, 15)
  if (count <= 1) return output

  const widths = Array.from({ length: count }, (_, c) => Math.max(...sizes.filter((_, i) => i % count === c)) + 2)
  const right = output.every((_, i) => typeof list[i] === 'number' || typeof list[i] === 'bigint')
  const rows = []
  for (let i = 0; i < items.length; i += count) {
    const row = items.slice(i, i + count)
    rows.push(row.map((item, c) => {
      const room = ' '.repeat(widths[c] - 2 - sizes[i + c])
      if (c === row.length - 1) return right ? room + item : item
      return right ? `${room}${item}, ` : `${item}, ${room}`
    }).join(''))
  }
  return [...rows, ...rest]
}

export function format(...args) {
  return formatWithOptions({}, ...args)
}

export function formatWithOptions(options, ...args) {
  let text = ''
  let used = 0
  if (typeof args[0] === 'string') {
    used = 1
    if (args.length === 1) return args[0]
    text = args[0].replace(/%[sdifjoOc%]/g, (mark) => {
      if (mark === '%%') return '%'
      if (used >= args.length) return mark
      return formatOne(options, mark, args[used++])
    })
  }
  for (; used < args.length; used++) {
    const value = args[used]
    text += (text === '' && used === 0 ? '' : ' ') + (typeof value === 'string' ? value : inspect(value, options))
  }
  return text
}

function formatOne(options, mark, value) {
  switch (mark) {
    case '%s':
      if (typeof value === 'bigint') return `${value}n`
      if (Object.is(value, -0)) return '-0'
      if (typeof value !== 'object' || value === null || hasOwnToString(value)) return String(value)
      return inspect(value, { ...options, depth: 0, colors: false, compact: 3 })
    case '%d': return typeof value === 'bigint' ? `${value}n` : typeof value === 'symbol' ? 'NaN' : String(Number(value))
    case '%i': return typeof value === 'bigint' ? `${value}n` : typeof value === 'symbol' ? 'NaN' : String(parseInt(value, 10))
    case '%f': return typeof value === 'symbol' ? 'NaN' : String(parseFloat(value))
    case '%j':
      try {
        return JSON.stringify(value)
      } catch (error) {
        if (/circular/i.test(error.message)) return '[Circular]'
        throw error
      }
    case '%o': return inspect(value, { ...options, showHidden: true, showProxy: true, depth: 4 })
    case '%O': return inspect(value, options)
    default: return ''
  }
}

const BUILT_IN = /^(Object|Array|Number|Boolean|String|Symbol|Date|RegExp|Error|BigInt)$/

/** Whether an object says itself how it is written: built-in ones, and what only inherits from them, do not. */
function hasOwnToString(value) {
  if (types.isProxy(value)) return false
  const convert = value[Symbol.toPrimitive]
  if (typeof convert === 'function' && convert !== Date.prototype[Symbol.toPrimitive]) return true
  if (typeof value.toString !== 'function') return false
  while (!Object.hasOwn(value, 'toString')) value = Object.getPrototypeOf(value)
  const maker = Object.getOwnPropertyDescriptor(value, 'constructor')?.value
  return typeof maker !== 'function' || !BUILT_IN.test(maker.name)
}

/** Shows what has its properties behind accessors: the class's name, and those. */
export function showAs(Class, names) {
  Object.defineProperty(Class.prototype, custom, {
    value(depth, options) {
      if (depth < 0) return options.stylize?.(`[${this.constructor.name}]`, 'special') ?? `[${this.constructor.name}]`
      const shown = typeof names === 'function' ? names.call(this) : Object.fromEntries(names.map((name) => [name, this[name]]))
      return `${this.constructor.name} ${inspect(shown, { ...options, depth: options.depth === null ? null : options.depth - 1 })}`
    },
    writable: true,
    configurable: true,
  })
}
