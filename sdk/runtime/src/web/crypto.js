/** `crypto`, the web's. What is done with keys is evaluated when it is first asked for. */
import { codedError } from '../errors.js'
import { randomUUID } from '../node/crypto.js'
import { fillRandom, rememberPool } from '../random.js'
import { DOMException } from './dom_exception.js'
import { illegalConstructor, invalidThis, show } from './crypto/interfaces.js'

const MOST_RANDOM = 65536

export class Crypto {
  constructor() { throw illegalConstructor() }

  get subtle() {
    if (this !== webcrypto) throw invalidThis('Crypto')
    return require('./crypto/subtle.js').subtle
  }

  randomUUID() {
    if (this !== webcrypto) throw invalidThis('Crypto')
    return randomUUID()
  }

  getRandomValues(...args) {
    if (this !== webcrypto) throw invalidThis('Crypto')
    if (args.length === 0) throw codedError(TypeError, 'ERR_MISSING_ARGS', "Failed to execute 'getRandomValues' on 'Crypto': 1 argument required, but only 0 present.")
    const [array] = args
    if (!ArrayBuffer.isView(array) || array instanceof DataView || /Float/.test(array[Symbol.toStringTag])) {
      throw new DOMException('The data argument must be an integer-type TypedArray', 'TypeMismatchError')
    }
    if (array.byteLength > MOST_RANDOM) {
      throw new DOMException('The requested length exceeds 65,536 bytes', 'QuotaExceededError')
    }
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    fillRandom(bytes)
    rememberPool(bytes)
    return array
  }
}
show(Crypto, 'Crypto')

const webcrypto = Object.create(Crypto.prototype)
export { webcrypto as crypto }
