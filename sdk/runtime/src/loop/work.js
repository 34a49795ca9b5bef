/** Counts the work under way that only the host can finish, so that making an image knows when nothing is left. */

let count = 0

export function started() {
  count++
}

export function ended() {
  count--
}

export function underWay() {
  return count
}
