/** A byte pipe inside the bot, with the engine's contract: a write ends when its bytes are taken. */
import { systemError } from '../errors.js'

export function pipe() {
  const chunks = []
  let reader
  let ended = false
  let closed = false
  let failure

  function settle() {
    if (!reader) return
    if (failure) reader.reject(failure)
    else if (chunks.length > 0) {
      const { bytes, taken } = chunks.shift()
      reader.resolve(bytes)
      taken(true)
    } else if (ended) reader.resolve(null)
    else return
    reader = undefined
  }

  return {
    /** @returns {Promise<Uint8Array | null>} */
    read() {
      return new Promise((resolve, reject) => {
        reader = { resolve, reject }
        settle()
      })
    },
    write(bytes) {
      if (closed) return Promise.resolve(false)
      return new Promise((taken) => {
        chunks.push({ bytes: new Uint8Array(bytes), taken })
        settle()
      })
    },
    end() {
      ended = true
      settle()
    },
    fail() {
      failure ??= systemError('ECONNRESET', 'the other side has gone', 'read')
      settle()
    },
    close() {
      closed = true
      for (const { taken } of chunks.splice(0)) taken(false)
    },
  }
}
