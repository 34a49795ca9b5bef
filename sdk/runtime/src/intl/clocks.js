/** What a zone's clocks add to UTC, kept for the years that are asked about. */
import { ask } from './ask.js'

/** How many milliseconds are asked about at once, about eight years, and how many such spans are kept. */
const SPAN = 2 ** 38
const MOST = 16
/** Instants of which no `Date` can be. */
const LAST = 8.64e15

export class Clocks {
  #spans = new Map()
  #newest

  constructor(zone) {
    this.zone = zone
  }

  /** What is added to UTC at an instant, in milliseconds. */
  offsetAt(ms) {
    const { first, changes } = this.#span(Math.floor(ms / SPAN))
    let offset = first
    for (const change of changes) {
      if (change.at > ms) break
      offset = change.offset
    }
    return offset
  }

  /** The instant of a local time. One that there is twice is the first of them; one that is left out goes on from the time before. */
  instantOf(local) {
    const before = this.offsetAt(local - 86_400_000)
    const after = this.offsetAt(local + 86_400_000)
    if (before === after || this.offsetAt(local - before) === before) return local - before
    return this.offsetAt(local - after) === after ? local - after : local - before
  }

  #span(number) {
    if (this.#newest?.number === number) return this.#newest
    let span = this.#spans.get(number)
    if (span === undefined) {
      const start = Math.max(number * SPAN, -LAST)
      const { first, changes } = ask('intl-dates.clocks-between', this.zone, Math.min(start, LAST), Math.min(Math.max((number + 1) * SPAN, start), LAST))
      span = { number, first, changes }
      if (this.#spans.size >= MOST) this.#spans.clear()
      this.#spans.set(number, span)
    }
    return (this.#newest = span)
  }
}
