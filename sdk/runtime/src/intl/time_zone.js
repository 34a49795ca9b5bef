/** The time zone of who names none: of the environment. */
import { process } from '../node/process.js'
import { ask, remembered } from './ask.js'

/** A zone's primary name in a list of one; an empty list where there is no such zone. */
const primary = remembered(32, (name) => {
  const zone = ask('intl-dates.canonical-time-zone', name)
  return zone === undefined ? [] : [zone]
})

/** A zone's primary name, or `undefined`. */
export function canonicalZone(name) {
  return name.length > 100 ? undefined : primary(name)[0]
}

/** The zone that a value of `TZ` names; what is none is UTC. */
export function zoneOf(name) {
  return canonicalZone(name.replace(/^:/, '')) ?? 'UTC'
}

/** The zone of `process.env.TZ`. Node looks at it whenever it is assigned to. */
export function defaultZone() {
  const { TZ } = process.env
  return TZ === undefined || TZ === 'UTC' ? 'UTC' : zoneOf(TZ)
}
