/** Counts the work under way that only the host can finish, so that making an image knows when nothing is left. */

let count = 0
/** How often work began or ended: what an event does outward is its progress. */
let steps = 0

/** What is waited for, in words, and how often; work without words is only counted. */
const waiting = new Map()

/** @param {string} [what] such as `a request to example.com` */
export function started(what) {
  count++
  steps++
  if (what !== undefined) waiting.set(what, (waiting.get(what) ?? 0) + 1)
}

/** @param {string} [what] as it was started */
export function ended(what) {
  count--
  steps++
  if (what === undefined) return
  const left = waiting.get(what) - 1
  if (left > 0) waiting.set(what, left)
  else waiting.delete(what)
}

export function progress() {
  return steps
}

export function underWay() {
  return count
}

/** What is waited for, the longest wait first. */
export function waitedFor() {
  return [...waiting.keys()]
}
