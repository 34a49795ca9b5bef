/** Errors with Node's codes. */

/**
 * Makes an error as Node makes them: `code` on the object, and the code in the
 * stack's first line, where people look for it.
 *
 * @param {ErrorConstructor} Base
 * @param {string} code
 * @param {string} message
 * @param {object} [more] further properties
 */
export function codedError(Base, code, message, more) {
  const error = new Base(message)
  const { name, stack } = error
  error.code = code
  if (more) Object.assign(error, more)
  Object.defineProperty(error, 'toString', { value: codedText, writable: true, configurable: true })
  if (typeof stack === 'string' && stack.startsWith(name)) {
    Object.defineProperty(error, 'stack', {
      value: `${name} [${code}]${stack.slice(name.length)}`, writable: true, configurable: true,
    })
  }
  return error
}

/** An error with a code as Node's own native code makes them: the code is nowhere but on the object. */
export function nativeError(Base, code, message) {
  return Object.assign(new Base(message), { code })
}

function codedText() { return `${this.name} [${this.code}]: ${this.message}` }

/** What a system call that failed gives: `ENOENT: no such file or directory, open '/x'`. */
export function systemError(code, text, syscall, path, dest) {
  const where = path === undefined ? '' : ` '${path}'${dest === undefined ? '' : ` -> '${dest}'`}`
  const error = new Error(`${code}: ${text}, ${syscall}${where}`)
  error.errno = ERRNO[code] ?? -1
  error.code = code
  error.syscall = syscall
  if (path !== undefined) error.path = path
  if (dest !== undefined) error.dest = dest
  return error
}

const ERRNO = {
  EPERM: -1, ENOENT: -2, ESRCH: -3, EBADF: -9, EACCES: -13, EEXIST: -17, ENOTDIR: -20, EISDIR: -21, EINVAL: -22, EMFILE: -24, ENOSPC: -28,
  EROFS: -30,
  EPIPE: -32, ENOTEMPTY: -39, ELOOP: -40, ECONNRESET: -104, ECONNREFUSED: -111, ETIMEDOUT: -110, ENOTFOUND: -3008, EAI_AGAIN: -3001,
  EHOSTUNREACH: -113, EPROTO: -71, EMSGSIZE: -90, EADDRINUSE: -98,
}

export function invalidArgType(name, expected, actual) {
  const what = /^(an? |one of|of type)/.test(expected) ? expected : `of type ${expected}`
  const kind = name.includes('.') ? 'property' : 'argument'
  return codedError(TypeError, 'ERR_INVALID_ARG_TYPE',
    `The "${name}" ${kind} must be ${what}. Received ${received(actual)}`)
}

export function outOfRange(name, range, actual) {
  return codedError(RangeError, 'ERR_OUT_OF_RANGE',
    `The value of "${name}" is out of range. It must be ${range}. Received ${number(actual)}`)
}

/** Node makes numbers of more than 32 bits readable. */
function number(value) {
  const isLong = typeof value === 'bigint' ? value > 2n ** 32n || value < -(2n ** 32n) : Number.isInteger(value) && Math.abs(value) > 2 ** 32
  const text = isLong ? String(value).replace(/\B(?=(\d{3})+$)/g, '_') : String(value)
  return typeof value === 'bigint' ? `${text}n` : text
}

/** Refuses what a sandbox cannot do; `advice` says what to do instead. */
export function unavailable(what, advice) {
  return codedError(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
    `${what} is not available in Roost.${advice ? ` ${advice}` : ''}`)
}

export function requireFunction(value, name) {
  if (typeof value !== 'function') throw invalidArgType(name, 'function', value)
}

export function requireString(value, name) {
  if (typeof value !== 'string') throw invalidArgType(name, 'string', value)
}

function received(value) {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'function') return `function ${value.name}`.trimEnd()
  if (typeof value === 'object') {
    return value.constructor?.name ? `an instance of ${value.constructor.name}` : '[Object: null prototype] {}'
  }
  let text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  if (typeof value === 'string') text = `'${text.slice(1, -1)}'`
  if (typeof value === 'bigint') text += 'n'
  return `type ${typeof value} (${text.length > 28 ? `${text.slice(0, 25)}...` : text})`
}
