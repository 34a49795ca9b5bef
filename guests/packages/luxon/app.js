const { DateTime, Duration, Interval, Settings } = require('luxon')
const { serve } = require('../checks')

const at = () => DateTime.fromISO('2026-03-10T23:23:05Z', { zone: 'utc' })
const all = {
  iso: () => at().toISO(),
  format: () => at().toFormat('dd/MM/yyyy HH:mm'),
  locale: () => at().setLocale('pt-BR').toLocaleString(DateTime.DATE_FULL),
  words: () => at().setLocale('es').toFormat('cccc, d LLLL'),
  zone: () => at().setZone('America/New_York').toISO(),
  plus: () => at().plus({ months: 1, days: 2 }).toISODate(),
  diff: () => at().diff(at().minus({ hours: 26 }), ['days', 'hours']).toObject(),
  parse: () => DateTime.fromFormat('10/03/2026', 'dd/MM/yyyy', { zone: 'utc' }).toISO(),
  invalid: () => [DateTime.fromISO('x').isValid, DateTime.fromISO('x').invalidReason],
  duration: () => Duration.fromObject({ minutes: 90 }).toFormat('h:mm'),
  interval: () => Interval.fromDateTimes(at(), at().plus({ days: 2 })).length('hours'),
  relative: () => at().toRelative({ base: at().plus({ days: 2 }) }),
  startOf: () => at().startOf('week').toISO(),
  settings: () => [Settings.defaultZone.name, DateTime.fromMillis(0).zoneName],
}
serve({ checks: all })
