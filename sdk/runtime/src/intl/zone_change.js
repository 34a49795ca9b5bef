/** What follows when `TZ` of the environment is set: the module for it is evaluated when it first is. */

let set

/** @param {string | undefined} zone as `TZ` has it */
export function zoneChanged(zone) {
  if (set === undefined && (zone === undefined || zone === 'UTC')) return
  set ??= require('./local_time.js').setZone
  set(zone?.replace(/^:/, ''))
}
