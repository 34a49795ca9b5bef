/**
 * What the host holds for the bot: streams of its compression, ciphers.
 *
 * All of it ends with the event, or the top level, in which it was opened: nothing of one event stays open in the
 * next, and an image holds only what describes it.
 */
import { callNow } from './host.js'

const open = new Set()

/** Counts what handles may not outlive. */
let epoch = 0

export class Handle {
  #id
  #drop
  #epoch = epoch

  /**
   * @param {number} id what the host calls it
   * @param {string} drop the function that gives it back
   */
  constructor(id, drop) {
    this.#id = id
    this.#drop = drop
    open.add(this)
  }

  get id() { return this.#id }
  /** Whether it is of this event. */
  get isCurrent() { return this.#epoch === epoch }

  close() {
    if (open.delete(this)) callNow(this.#drop, [this.#id])
  }
}

/** Ends all of it: an event is over, or an image is about to be made. */
export function closeHandles() {
  epoch++
  for (const handle of open) handle.close()
}
