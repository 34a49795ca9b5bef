/** The host's half of Intl: data and algorithms of Unicode, behind functions that keep nothing. */
import { callNow } from '../host.js'

/** Calls a function of the host's; what it refuses is a RangeError in its words. */
export function ask(name, ...args) {
  try {
    return callNow(name, args)
  } catch (error) {
    const refusal = error?.payload
    if (typeof refusal?.val !== 'string') throw error
    throw refusal.tag === 'argument' || refusal.tag === 'too-much' ? new RangeError(refusal.val) : new Error(refusal.val)
  }
}

/** Remembers what a function gave for a text, for so many texts. */
export function remembered(most, make) {
  const known = new Map()
  return (key, ...rest) => {
    let value = known.get(key)
    if (value !== undefined) return value
    value = make(key, ...rest)
    if (known.size >= most) known.clear()
    known.set(key, value)
    return value
  }
}
