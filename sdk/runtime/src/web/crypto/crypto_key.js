/** `CryptoKey`: a key of `node:crypto`, and what it may be used for. */
import { inspect } from '../../node/inspect.js'
import { kKeyObject } from '../../node/crypto/keys.js'
import { illegalConstructor, invalidThis, show } from './interfaces.js'

const kAlgorithm = Symbol('kAlgorithm')
const kExtractable = Symbol('kExtractable')
const kUsages = Symbol('kKeyUsages')

function requireKey(value) {
  if (!(value instanceof CryptoKey)) throw invalidThis('CryptoKey')
  return value
}

export class CryptoKey {
  constructor() { throw illegalConstructor() }

  /** `secret`, `public` or `private`. */
  get type() { return requireKey(this)[kKeyObject].type }
  get extractable() { return requireKey(this)[kExtractable] }
  get algorithm() { return requireKey(this)[kAlgorithm] }
  get usages() { return requireKey(this)[kUsages] }

  [Symbol.for('nodejs.util.inspect.custom')](depth, options) {
    if (depth < 0) return this
    const { type, extractable, algorithm, usages } = this
    return `CryptoKey ${inspect({ type, extractable, algorithm, usages }, { ...options, depth: options.depth == null ? null : options.depth - 1 })}`
  }
}
show(CryptoKey, 'CryptoKey')

/** The only way to make one. */
export function makeCryptoKey(keyObject, algorithm, usages, extractable) {
  const key = Object.create(CryptoKey.prototype)
  for (const [symbol, value] of [[kKeyObject, keyObject], [kAlgorithm, algorithm], [kExtractable, extractable], [kUsages, usages]]) {
    Object.defineProperty(key, symbol, { value })
  }
  return key
}

/** What `structuredClone` gives for one. */
export function cloneCryptoKey(key) {
  return makeCryptoKey(key[kKeyObject], key[kAlgorithm], key[kUsages], key[kExtractable])
}
