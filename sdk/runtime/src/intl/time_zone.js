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

/** Clocks that show UTC and whose zone nobody knows. */
const UNKNOWN = 'Etc/Unknown'

/** What ICU takes for a name of the IANA database: at most two digits, and those at its end. */
const NAME = /^[^\d,]*\d{0,2}$/
const NAMES_WITH_DIGITS = ['PST8PDT', 'MST7MDT', 'CST6CDT', 'EST5EDT']

/** `BRT3` as in POSIX: letters that say nothing, and how far the clocks are behind UTC. */
const POSIX = /^[A-Za-z]{3,}([+-]?)(\d{1,2})$/

/** The zone that a value of `TZ` means: `name` for the host, `shown` for who asks which it is. */
const meant = remembered(8, (value) => {
  const text = value.replace(/^:/, '').replace(/^(?:posix|right)\//, '')
  if (text === '' || text === 'Factory') return { name: UNKNOWN, shown: UNKNOWN }
  if (!NAME.test(text) && !NAMES_WITH_DIGITS.includes(text)) return { name: 'UTC', shown: 'UTC' }
  // An offset is none here: `+03` names no zone.
  const zone = /^[+-]/.test(text) ? undefined : canonicalZone(text)
  if (zone !== undefined) {
    // Greenwich's clocks have a name of their own, and `GMT` itself is shown as an offset.
    const isGreenwich = zone === 'UTC' && /GMT|Greenwich/i.test(text)
    return { name: isGreenwich ? 'Etc/GMT' : zone, shown: text === 'GMT' ? '+00:00' : zone }
  }
  const [, sign, hours] = POSIX.exec(text) ?? []
  if (hours === undefined || Number(hours) === 0 || Number(hours) > 23) return { name: UNKNOWN, shown: undefined }
  return { name: `${sign === '-' ? '+' : '-'}${hours.padStart(2, '0')}:00`, shown: undefined }
})

const UTC = { name: 'UTC', shown: 'UTC' }

/** The zone that a value of `TZ` names, as on Node: by the IANA database, by POSIX, or a zone that nobody knows. */
export function zoneOf(value) {
  return value === 'UTC' || value.length > 100 ? UTC : meant(value)
}

/** The zone of `process.env.TZ`. Node looks at it whenever it is assigned to. */
export function defaultZone() {
  const { TZ } = process.env
  return TZ === undefined ? UTC : zoneOf(TZ)
}
