/** A cipher of the host's (`wit/ciphers.wit`). */
import { codedError, nativeError } from '../../errors.js'
import { Handle } from '../../handles.js'
import { callNow } from '../../host.js'
import { Buffer } from '../buffer.js'
import { asBuffer } from './keys.js'

/** What the host takes at once. */
const PIECE = 1 << 20

export const invalidState = (operation) => codedError(Error, 'ERR_CRYPTO_INVALID_STATE', operation ? `Invalid state for operation ${operation}` : 'Invalid state')

function openssl(code, number, reason) {
  const error = new Error(`error:${number}:Provider routines::${reason}`)
  return Object.assign(error, { library: 'Provider routines', reason, code })
}

/** The error of Node's that a failed call of the host stands for. */
function faultOf(error) {
  switch (error?.payload?.tag) {
    case undefined: return error
    case 'not-authentic': return new Error('Unsupported state or unable to authenticate data')
    case 'padding': return openssl('ERR_OSSL_BAD_DECRYPT', '1C800064', 'bad decrypt')
    case 'block-length': return openssl('ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH', '1C80006B', 'wrong final block length')
    case 'state': return invalidState()
    default: return nativeError(Error, 'ERR_CRYPTO_OPERATION_FAILED', String(error.payload.val ?? error.payload.tag))
  }
}

function call(name, args) {
  try {
    return callNow(`ciphers.${name}`, args)
  } catch (error) {
    throw faultOf(error)
  }
}

/** A cipher of the host's, which is made when there is data for it: an image holds what describes it. */
export class HostCipher {
  #settings
  #authenticated = []
  #pads = true
  /** @type {Handle | undefined} */
  #handle

  constructor(algorithm, direction, key, iv) {
    // Whoever gave them may write over them.
    this.#settings = { algorithm, direction, key: new Uint8Array(key), iv: new Uint8Array(iv) }
  }

  get hasBegun() { return this.#handle !== undefined }

  authenticate(bytes) {
    this.#authenticated.push(new Uint8Array(bytes))
  }

  setPadding(pads) {
    this.#pads = pads
    if (this.#handle) call('[method]cipher.set-padding', [this.#opened(), pads])
  }

  update(bytes) {
    const id = this.#opened()
    if (bytes.length <= PIECE) return asBuffer(call('[method]cipher.update', [id, bytes]))
    const parts = []
    for (let at = 0; at < bytes.length; at += PIECE) parts.push(call('[method]cipher.update', [id, bytes.subarray(at, at + PIECE)]))
    return Buffer.concat(parts)
  }

  /** @returns {{output: Uint8Array, tag: Uint8Array}} */
  finish(tag) {
    const id = this.#opened()
    try {
      return call('[method]cipher.finish', [id, tag])
    } finally {
      this.#handle.close()
    }
  }

  #opened() {
    if (this.#handle === undefined) {
      this.#handle = new Handle(call('[static]cipher.open', [this.#settings]), 'ciphers.[drop]cipher')
      if (!this.#pads) call('[method]cipher.set-padding', [this.#handle.id, false])
      for (const bytes of this.#authenticated) {
        for (let at = 0; at < bytes.length; at += PIECE) call('[method]cipher.authenticate', [this.#handle.id, bytes.subarray(at, at + PIECE)])
      }
    }
    if (!this.#handle.isCurrent) throw new Error('a cipher ends with the event that began to give it data: make a new one')
    return this.#handle.id
  }
}
