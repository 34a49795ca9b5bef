/** `console`: lines go to the project's log. */
import { engine } from '../engine.js'
import { log } from '../host.js'
import { requireFunction } from '../errors.js'
import { format, formatWithOptions, inspect } from './inspect.js'
import { textWidth } from './text_width.js'

/** @param {(level: string, text: string) => void} write */
function methods(write) {
  let indent = ''
  const counts = new Map()
  const timers = new Map()

  const at = (level) => (...args) => {
    const text = format(...args)
    write(level, indent ? indent + text.replaceAll('\n', `\n${indent}`) : text)
  }
  const info = at('info')
  const warn = at('warn')

  function elapsed(label) {
    const begun = timers.get(label)
    if (begun === undefined) return warn(`Warning: No such label '${label}' for console.time()`)
    const ms = engine.monotonic() - begun
    return ms >= 1000 ? `${(ms / 1000).toFixed(3)}s` : `${ms.toFixed(3)}ms`
  }

  return {
    log: info,
    info,
    debug: at('debug'),
    warn,
    error: at('error'),
    dirxml: info,
    dir: (value, options) => info(inspect(value, { customInspect: false, ...options })),
    trace(...args) {
      const error = { name: 'Trace', message: format(...args) }
      Error.captureStackTrace(error, this?.trace)
      at('error')(error.stack)
    },
    assert(condition, ...args) {
      if (condition) return
      if (typeof args[0] === 'string') args[0] = `Assertion failed: ${args[0]}`
      else args.unshift('Assertion failed')
      warn(...args)
    },
    clear() {},
    count(label = 'default') {
      counts.set(`${label}`, (counts.get(`${label}`) ?? 0) + 1)
      info(`${label}: ${counts.get(`${label}`)}`)
    },
    countReset: (label = 'default') => counts.delete(`${label}`),
    group(...args) {
      if (args.length > 0) info(...args)
      indent += '  '
    },
    groupCollapsed(...args) { this.group(...args) },
    groupEnd() { indent = indent.slice(2) },
    time: (label = 'default') => timers.set(`${label}`, engine.monotonic()),
    timeEnd(label = 'default') {
      const text = elapsed(`${label}`)
      if (text) info(`${label}: ${text}`)
      timers.delete(`${label}`)
    },
    timeLog(label = 'default', ...args) {
      const text = elapsed(`${label}`)
      if (text) info(`${label}: ${text}`, ...args)
    },
    timeStamp() {},
    profile() {},
    profileEnd() {},
    table: (data, columns) => info(table(data, columns)),
  }
}

function table(data, columns) {
  if (typeof data !== 'object' || data === null) return inspect(data)
  const isMap = data instanceof Map
  const iterated = isMap || data instanceof Set
  const rows = (iterated ? [...data] : Object.entries(data)).map((item, i) => ({
    key: iterated ? String(i) : item[0], of: isMap ? item[0] : undefined, value: isMap || !iterated ? item[1] : item,
  }))
  if (isMap) columns = []
  const names = columns ?? [...new Set(rows.flatMap(({ value }) =>
    (typeof value === 'object' && value !== null ? Object.keys(value) : [])))]
  const hasValues = isMap || rows.some(({ value }) => typeof value !== 'object' || value === null)
  const head = [iterated ? '(iteration index)' : '(index)', ...(isMap ? ['Key'] : []), ...names, ...(hasValues ? ['Values'] : [])]
  const show = (value) => formatWithOptions({ depth: 0 }, '%O', value)
  const lines = rows.map(({ key, of, value }) => {
    const object = !isMap && typeof value === 'object' && value !== null
    return [key, ...(isMap ? [show(of)] : []), ...names.map((name) => (object && name in value ? show(value[name]) : '')),
      ...(hasValues ? [object ? '' : show(value)] : [])]
  })
  const widths = head.map((name, i) => Math.max(textWidth(name), ...lines.map((line) => textWidth(line[i]))) + 2)
  const rule = (left, middle, right) => left + widths.map((width) => '─'.repeat(width)).join(middle) + right
  const line = (cells) => `│${cells.map((cell, i) => ` ${cell}${' '.repeat(widths[i] - 1 - textWidth(cell))}`).join('│')}│`
  return [rule('┌', '┬', '┐'), line(head), rule('├', '┼', '┤'), ...lines.map(line), rule('└', '┴', '┘')].join('\n')
}

/** A console that writes to streams, as loggers make. */
function Console(stdout, stderr = stdout) {
  if (!new.target) return new Console(stdout, stderr)
  if (stdout?.stdout) ({ stdout, stderr = stdout } = stdout)
  requireFunction(stdout?.write, 'stdout.write')
  Object.assign(this, methods((level, text) => {
    const stream = level === 'warn' || level === 'error' ? stderr : stdout
    stream.write(`${text}\n`)
  }))
}

const console = methods(log)
Object.defineProperty(console, 'Console', { value: Console, writable: true, configurable: true })
Object.defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true })

export { console }
export default console
