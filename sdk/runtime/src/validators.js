/** Checks of arguments, with Node's codes and texts. */
import { codedError, invalidArgType, outOfRange } from './errors.js'
import { inspect } from './node/inspect.js'

/** How much of a refused value is shown. */
const SHOWN = 128

export function invalidArgValue(name, value, reason = 'is invalid') {
  const text = inspect(value)
  const kind = name.includes('.') ? 'property' : 'argument'
  return codedError(TypeError, 'ERR_INVALID_ARG_VALUE', `The ${kind} '${name}' ${reason}. Received ${text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text}`)
}

export function requireObject(value, name) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidArgType(name, 'object', value)
}

export function requireBoolean(value, name) {
  if (typeof value !== 'boolean') throw invalidArgType(name, 'boolean', value)
}

/** A whole number within bounds. */
export function requireInteger(value, name, least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER) {
  if (typeof value !== 'number') throw invalidArgType(name, 'number', value)
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value)
  if (value < least || value > most) throw outOfRange(name, `>= ${least} && <= ${most}`, value)
}

export const requireInt32 = (value, name, least = -(2 ** 31), most = 2 ** 31 - 1) => requireInteger(value, name, least, most)
export const requireUint32 = (value, name) => requireInteger(value, name, 0, 2 ** 32 - 1)

export function requireOneOf(value, name, allowed) {
  if (allowed.includes(value)) return
  throw invalidArgValue(name, value, `must be one of: ${allowed.map((one) => (typeof one === 'string' ? `'${one}'` : String(one))).join(', ')}`)
}

export function requireView(value, name) {
  if (!ArrayBuffer.isView(value)) throw invalidArgType(name, 'an instance of Buffer, TypedArray, or DataView', value)
}
