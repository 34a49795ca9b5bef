/** The engine's streams, each closed once: the number of a closed one is the next one's. */
import { engine } from '../engine.js'

/** A body that is read by one who lets go of it at its end, and at an error. */
export function ownSourceOf(stream) {
  return { read: (max) => engine.read(stream, max), close: () => engine.close(stream) }
}

/** A body that is read. `track` sees each promise. */
export function sourceOf(stream, track) {
  let open = true
  return {
    /** @returns {Promise<Uint8Array | null>} */
    read(max) {
      if (!open) return Promise.resolve(null)
      return track(engine.read(stream, max)).then((bytes) => {
        if (bytes === null) open = false
        return bytes
      }, (error) => {
        open = false
        throw error
      })
    },
    close() {
      if (open) engine.close(stream)
      open = false
    },
  }
}

/** A body that is written; without a stream there is none. */
export function sinkOf(stream, track = (promise) => promise) {
  let open = stream !== undefined
  const close = (broken) => {
    if (open) engine.close(stream, broken)
    open = false
  }
  return {
    /** @returns {Promise<boolean>} */
    write: (bytes) => (open ? track(engine.write(stream, bytes)) : Promise.resolve(false)),
    end: () => close(false),
    abort: () => close(true),
  }
}
