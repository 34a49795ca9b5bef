/** What follows when `TZ` of the environment is set: the engine's dates are in that zone from then on, as on Node. */
import { engine } from '../engine.js'

let isSet = false

/** @param {string | undefined} zone as `TZ` has it */
export function zoneChanged(zone) {
  const isUtc = zone === undefined || zone === 'UTC'
  if (isUtc && !isSet) return
  isSet = true
  const name = isUtc ? 'UTC' : require('./time_zone.js').zoneOf(zone).name
  engine.timeZone(name === 'UTC' ? '' : name)
}
