/** `DOMException`; the engine's own has a stack without a first line. */

const CODES = {
  IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12, InvalidAccessError: 15,
  TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20, QuotaExceededError: 22, TimeoutError: 23,
  InvalidNodeTypeError: 24, DataCloneError: 25,
}

export class DOMException extends Error {
  #name
  constructor(message = '', options = 'Error') {
    super(message)
    this.#name = typeof options === 'string' ? options : options?.name ?? 'Error'
    if (options?.cause !== undefined) this.cause = options.cause
  }

  get name() { return this.#name }
  get code() { return CODES[this.#name] ?? 0 }
}

for (const [name, code] of Object.entries(CODES)) {
  const constant = { value: code, enumerable: true }
  const key = `${name.replace(/Error$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}_ERR`
  Object.defineProperty(DOMException, key, constant)
  Object.defineProperty(DOMException.prototype, key, constant)
}
Object.defineProperty(DOMException.prototype, Symbol.toStringTag, { value: 'DOMException', configurable: true })
