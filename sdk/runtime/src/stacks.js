/** Gives errors the stacks of V8: a header line, call sites with all their methods, `Error.prepareStackTrace`. */

let custom
let shifted = { file: undefined, columns: 0 }

/** Says that the first line of `file` begins with `columns` characters that its author did not write. */
export function shiftFirstLine(file, columns) {
  shifted = { file, columns }
}

/** Call-site methods of V8 that the engine lacks; depd, and so all of Express, calls them at load. */
const CALL_SITE = {
  getThis() {},
  getTypeName() { return 'Object' },
  getMethodName() { return this.getFunctionName() },
  getEvalOrigin() {},
  getScriptNameOrSourceURL() { return this.getFileName() },
  getScriptHash: () => '',
  getEnclosingLineNumber: () => 0,
  getEnclosingColumnNumber: () => 0,
  getPosition: () => 0,
  getPromiseIndex: () => null,
  isEval: () => false,
  isToplevel: () => true,
  isConstructor: () => false,
  isAsync: () => false,
  isPromiseAll: () => false,
  toString() { return siteText(this) },
}

export function install() {
  // V8 has all of this already; only tests run the runtime on V8.
  if (Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.get === undefined) return

  Error.stackTraceLimit = 10
  Error.prepareStackTrace = (_, sites) => sites
  const holder = {}
  Error.captureStackTrace(holder)
  const prototype = Object.getPrototypeOf(holder.stack[0])
  for (const [name, value] of Object.entries(CALL_SITE)) {
    if (name in prototype && name !== 'toString') continue
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true })
  }

  // V8 writes the header when a stack is first looked at: a constructor sets `name` after `super()`. What begins
  // with this mark has none yet.
  const mark = '\0'
  let isCapture = false
  Error.prepareStackTrace = (error, sites) => {
    if (custom) return custom.call(Error, error, sites)
    return isCapture ? headerText(error) + framesText(sites) : mark + framesText(sites)
  }
  Object.defineProperty(Error, 'prepareStackTrace', {
    get: () => custom,
    set: (value) => { custom = typeof value === 'function' ? value : undefined },
    configurable: true,
  })

  const { captureStackTrace } = Error
  Object.defineProperty(Error, 'captureStackTrace', {
    value: function captureStackTrace_(holder, from = captureStackTrace_) {
      isCapture = true
      try {
        captureStackTrace(holder, from)
      } finally {
        isCapture = false
      }
    },
    writable: true,
    configurable: true,
  })
  Object.defineProperty(Error.captureStackTrace, 'name', { value: 'captureStackTrace', configurable: true })

  // The engine's own setter takes strings only; V8's `stack` is a plain property.
  const { get } = Object.getOwnPropertyDescriptor(Error.prototype, 'stack')
  Object.defineProperty(Error.prototype, 'stack', {
    get() {
      const text = get.call(this)
      if (typeof text !== 'string' || text[0] !== mark) return text
      const whole = headerText(this) + text.slice(1)
      Reflect.defineProperty(this, 'stack', { value: whole, writable: true, configurable: true })
      return whole
    },
    set(value) { Object.defineProperty(this, 'stack', { value, writable: true, configurable: true }) },
    configurable: true,
  })
}

/** Where the bot called into the runtime, as `file:line:column`; undefined when no frame tells. */
export function placeOfCall() {
  const lines = String(new Error().stack).split('\n').slice(1)
  const line = lines.find((line) => /:\d+:\d+\)?$/.test(line) && !line.includes('roost:runtime'))
  return line && /\(?([^ (]+:\d+:\d+)\)?$/.exec(line)?.[1]
}

function framesText(sites) {
  let text = ''
  for (const site of sites) text += `\n    at ${siteText(site)}`
  return text
}

function headerText(error) {
  try {
    const name = error.name === undefined ? 'Error' : String(error.name)
    const message = error.message === undefined ? '' : String(error.message)
    return name && message ? `${name}: ${message}` : name || message
  } catch {
    return 'Error'
  }
}

function siteText(site) {
  const file = site.getFileName()
  const where = file ? `${file}:${site.getLineNumber()}:${columnOf(site, file)}` : 'native'
  const name = site.getFunctionName()
  return name ? `${name} (${where})` : file ? where : '<anonymous>'
}

function columnOf(site, file) {
  const column = site.getColumnNumber()
  return file === shifted.file && site.getLineNumber() === 1 ? Math.max(1, column - shifted.columns) : column
}
