/** `DOMException`, where the engine has none of its own. */

const CODES = {
  IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12, InvalidAccessError: 15,
  TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20, QuotaExceededError: 22, TimeoutError: 23,
  InvalidNodeTypeError: 24, DataCloneError: 25,
}

const Own = class DOMException extends Error {
  #name
  constructor(message = '', options = 'Error') {
    super(message)
    this.#name = typeof options === 'string' ? options : options?.name ?? 'Error'
    if (options?.cause !== undefined) this.cause = options.cause
  }

  get name() { return this.#name }
  get code() { return CODES[this.#name] ?? 0 }
}

export const DOMException = globalThis.DOMException ?? Own
