/** `structuredClone`. */
import types from '../node/util_types.js'
import { isCryptoKey, isKeyObject, kContents } from '../node/crypto/keys.js'
import { Blob } from './blob.js'
import { DOMException } from './dom_exception.js'

const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }

export function structuredClone(value, options) {
  const result = clone(value, new Map())
  // The contents were copied; what was to be moved is taken away from its old owner, as promised.
  for (const buffer of options?.transfer ?? []) buffer.transfer?.()
  return result
}

function clone(value, seen) {
  if (typeof value === 'function' || typeof value === 'symbol') throw refused(value)
  if (typeof value !== 'object' || value === null) return value
  if (seen.has(value)) return seen.get(value)
  const keep = (copy) => {
    seen.set(value, copy)
    return copy
  }

  if (Array.isArray(value)) {
    const copy = keep(new Array(value.length))
    for (const key of Object.keys(value)) copy[key] = clone(value[key], seen)
    return copy
  }
  if (types.isDate(value)) return keep(new Date(value.getTime()))
  if (types.isRegExp(value)) return keep(new RegExp(value.source, value.flags))
  if (types.isBoxedPrimitive(value)) return keep(Object(value.valueOf()))
  if (types.isArrayBuffer(value)) return keep(value.slice(0))
  if (ArrayBuffer.isView(value)) {
    const Constructor = value instanceof Uint8Array ? Uint8Array : value.constructor
    const buffer = clone(value.buffer, seen)
    return keep(new Constructor(buffer, value.byteOffset, value instanceof DataView ? value.byteLength : value.length))
  }
  if (types.isMap(value)) {
    const copy = keep(new Map())
    for (const [key, item] of [...value]) copy.set(clone(key, seen), clone(item, seen))
    return copy
  }
  if (types.isSet(value)) {
    const copy = keep(new Set())
    for (const item of [...value]) copy.add(clone(item, seen))
    return copy
  }
  if (types.isNativeError(value)) return keep(cloneError(value, seen))
  // What cannot be changed is as good as a copy.
  if (value instanceof Blob || isKeyObject(value) || value[kContents] !== undefined) return value
  if (isCryptoKey(value)) return require('./crypto/crypto_key.js').cloneCryptoKey(value)
  if (types.isPromise(value) || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) throw refused(value)
  const copy = keep({})
  for (const key of Object.keys(value)) copy[key] = clone(value[key], seen)
  return copy
}

function cloneError(error, seen) {
  const made = new (ERRORS[error.name] ?? Error)(error.message)
  Object.defineProperty(made, 'stack', { value: error.stack, writable: true, configurable: true })
  if ('cause' in error) Object.defineProperty(made, 'cause', { value: clone(error.cause, seen), writable: true, configurable: true })
  return made
}

function refused(value) {
  const text = typeof value === 'symbol' ? value.toString() : typeof value === 'function' ? `function ${value.name}` : `#<${value.constructor?.name}>`
  return new DOMException(`${text} could not be cloned.`, 'DataCloneError')
}
