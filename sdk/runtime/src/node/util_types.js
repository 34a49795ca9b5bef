/** `node:util/types`. */
import { engine } from '../engine.js'

const typedTag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get
const tag = (value) => typedTag.call(value)
const AsyncFunction = (async () => {}).constructor
const GeneratorFunction = (function* () {}).constructor
const AsyncGeneratorFunction = (async function* () {}).constructor
const generator = Object.getPrototypeOf((function* () {}).prototype)

/** Whether a method that only works on the real thing works on the value. */
function accepts(method) {
  return (value) => {
    if (typeof value !== 'object' || value === null) return false
    try {
      method(value)
      return true
    } catch {
      return false
    }
  }
}

const getter = (prototype, name) => {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name)
  return accepts((value) => get.call(value))
}
/** Of views it is asked most, and to throw and catch takes a hundred times as long. */
const noView = (check) => (value) => !ArrayBuffer.isView(value) && check(value)
const method = (prototype, name, ...args) => {
  const fn = prototype[name]
  return accepts((value) => fn.call(value, ...args))
}

export const isDate = method(Date.prototype, 'getTime')
export const isRegExp = getter(RegExp.prototype, 'dotAll')
export const isMap = getter(Map.prototype, 'size')
export const isSet = getter(Set.prototype, 'size')
export const isArrayBuffer = noView(getter(ArrayBuffer.prototype, 'byteLength'))
export const isSharedArrayBuffer = typeof SharedArrayBuffer === 'function'
  ? noView(getter(SharedArrayBuffer.prototype, 'byteLength')) : () => false
const isWeakMap = method(WeakMap.prototype, 'has', {})
const isWeakSet = method(WeakSet.prototype, 'has', {})
const isNumberObject = method(Number.prototype, 'valueOf')
const isStringObject = method(String.prototype, 'valueOf')
const isBooleanObject = method(Boolean.prototype, 'valueOf')
const isSymbolObject = method(Symbol.prototype, 'valueOf')
const isBigIntObject = method(BigInt.prototype, 'valueOf')

export const isUint8Array = (value) => tag(value) === 'Uint8Array'
export const isTypedArray = (value) => tag(value) !== undefined
export const isAnyArrayBuffer = (value) => isArrayBuffer(value) || isSharedArrayBuffer(value)
export const isArrayBufferView = ArrayBuffer.isView
export const isNativeError = (value) => (Error.isError ? Error.isError(value) : value instanceof Error)
export const isProxy = (value) => engine.isProxy(value)

export function isPromise(value) {
  if (typeof value !== 'object' || value === null || !(value instanceof Promise)) return false
  try {
    engine.promiseState(value)
    return true
  } catch {
    return false
  }
}

const typed = (name) => (value) => tag(value) === name
const iteratorOf = (iterable) => {
  const prototype = Object.getPrototypeOf(iterable[Symbol.iterator]())
  return (value) => typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === prototype
}
const made = (Constructor) => (value) => typeof value === 'function' && value instanceof Constructor

export default {
  isExternal: () => false,
  isDate, isRegExp, isMap, isSet, isWeakMap, isWeakSet, isArrayBuffer, isSharedArrayBuffer, isAnyArrayBuffer,
  isArrayBufferView, isTypedArray, isUint8Array, isNativeError, isPromise, isProxy,
  isNumberObject, isStringObject, isBooleanObject, isSymbolObject, isBigIntObject,
  isBoxedPrimitive: (value) => isNumberObject(value) || isStringObject(value) || isBooleanObject(value) ||
    isSymbolObject(value) || isBigIntObject(value),
  isUint8ClampedArray: typed('Uint8ClampedArray'), isUint16Array: typed('Uint16Array'),
  isUint32Array: typed('Uint32Array'), isInt8Array: typed('Int8Array'), isInt16Array: typed('Int16Array'),
  isInt32Array: typed('Int32Array'), isFloat16Array: typed('Float16Array'), isFloat32Array: typed('Float32Array'),
  isFloat64Array: typed('Float64Array'), isBigInt64Array: typed('BigInt64Array'),
  isBigUint64Array: typed('BigUint64Array'),
  isDataView: (value) => ArrayBuffer.isView(value) && tag(value) === undefined,
  isMapIterator: iteratorOf(new Map()), isSetIterator: iteratorOf(new Set()),
  isGeneratorObject: (value) => typeof value === 'object' && value !== null && generator.isPrototypeOf(value),
  isGeneratorFunction: (value) => made(GeneratorFunction)(value) || made(AsyncGeneratorFunction)(value),
  isAsyncFunction: (value) => made(AsyncFunction)(value) || made(AsyncGeneratorFunction)(value),
  isArgumentsObject: (value) => Object.prototype.toString.call(value) === '[object Arguments]' &&
    !(Symbol.toStringTag in value),
  isModuleNamespaceObject: (value) => value?.[Symbol.toStringTag] === 'Module' && Object.isSealed(value),
  isCryptoKey: (value) => value?.[Symbol.toStringTag] === 'CryptoKey',
  isKeyObject: (value) => value?.constructor?.name?.endsWith('KeyObject') ?? false,
}
