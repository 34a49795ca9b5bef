const { serve } = require('../checks')

const at = new Date('2026-03-10T23:23:05Z')
const tz = () => require('date-fns-tz')
const all = {
  formatInTimeZone: () => tz().formatInTimeZone(at, 'America/Sao_Paulo', 'dd/MM/yyyy HH:mm zzz'),
  toZonedTime: () => tz().toZonedTime(at, 'America/New_York'),
  fromZonedTime: () => tz().fromZonedTime('2026-03-10 12:00', 'America/Sao_Paulo'),
  offset: () => tz().getTimezoneOffset('Asia/Kolkata', at),
  format: () => tz().format(at, 'yyyy-MM-dd HH:mm:ssXXX', { timeZone: 'UTC' }),
}
serve({ checks: all })
