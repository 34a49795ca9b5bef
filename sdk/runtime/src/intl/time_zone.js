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

/** The zone of `process.env.TZ`. Node looks at it whenever it is assigned to. */
export function defaultZone() {
  const { TZ } = process.env
  if (TZ === undefined || TZ === 'UTC') return 'UTC'
  return canonicalZone(TZ.replace(/^:/, '')) ?? 'UTC'
}
