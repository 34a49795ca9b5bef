/** Counts the work under way that only the host can finish, so that making an image knows when nothing is left. */

let count = 0
/** How often work began or ended: what an event does outward is its progress. */
let steps = 0

export function started() {
  count++
  steps++
}

export function ended() {
  count--
  steps++
}

export function progress() {
  return steps
}

export function underWay() {
  return count
}
