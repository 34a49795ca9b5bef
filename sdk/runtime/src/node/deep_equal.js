/** Deep equality as `util.isDeepStrictEqual` and `assert` mean it. */
import types from './util_types.js'

export function isDeepStrictEqual(a, b) {
  return equal(a, b, true, [])
}

export function isDeepEqual(a, b) {
  return equal(a, b, false, [])
}

function equal(a, b, strict, seen) {
  if (strict ? Object.is(a, b) : a === b || (a !== a && b !== b)) return true
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
    // Loose equality is what the legacy half of `assert` promises.
    return !strict && (typeof a !== 'object' || a === null) && (typeof b !== 'object' || b === null) && a == b
  }
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (seen.some(([x, y]) => x === a && y === b)) return true
  seen.push([a, b])
  const result = sameContents(a, b, strict, seen)
  seen.pop()
  return result
}

function sameContents(a, b, strict, seen) {
  if (types.isDate(a)) {
    if (!types.isDate(b) || !Object.is(a.getTime(), b.getTime())) return false
  } else if (types.isRegExp(a)) {
    if (!types.isRegExp(b) || String(a) !== String(b) || a.lastIndex !== b.lastIndex) return false
  } else if (types.isNativeError(a) || a instanceof Error) {
    if (a.message !== b.message || a.name !== b.name || !equal(a.cause, b.cause, strict, seen)) return false
  } else if (types.isBoxedPrimitive(a)) {
    if (!types.isBoxedPrimitive(b) || !Object.is(a.valueOf(), b.valueOf())) return false
  } else if (ArrayBuffer.isView(a) || types.isAnyArrayBuffer(a)) {
    return sameBytes(bytesOf(a), bytesOf(b))
  } else if (types.isSet(a)) {
    if (!types.isSet(b) || a.size !== b.size || !sameSet(a, b, strict, seen)) return false
  } else if (types.isMap(a)) {
    if (!types.isMap(b) || a.size !== b.size || !sameMap(a, b, strict, seen)) return false
  } else if (Array.isArray(a) && a.length !== b.length) {
    return false
  }
  return sameKeys(a, b, strict, seen)
}

function sameKeys(a, b, strict, seen) {
  const keys = ownKeys(a, strict)
  if (keys.length !== ownKeys(b, strict).length) return false
  return keys.every((key) => Object.prototype.propertyIsEnumerable.call(b, key) && equal(a[key], b[key], strict, seen))
}

function ownKeys(object, strict) {
  const keys = Object.keys(object)
  if (!strict) return keys
  const enumerable = (symbol) => Object.prototype.propertyIsEnumerable.call(object, symbol)
  return keys.concat(Object.getOwnPropertySymbols(object).filter(enumerable))
}

function bytesOf(value) {
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value)
}

function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function sameSet(a, b, strict, seen) {
  const rest = [...b]
  return [...a].every((item) => {
    const position = rest.findIndex((other) => equal(item, other, strict, seen))
    if (position >= 0) rest.splice(position, 1)
    return position >= 0
  })
}

function sameMap(a, b, strict, seen) {
  const rest = [...b]
  return [...a].every(([key, value]) => {
    const position = rest.findIndex(([other, its]) => equal(key, other, strict, seen) && equal(value, its, strict, seen))
    if (position >= 0) rest.splice(position, 1)
    return position >= 0
  })
}
