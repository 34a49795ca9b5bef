const dayjs = require('dayjs')
for (const plugin of [
  require('dayjs/plugin/customParseFormat'), require('dayjs/plugin/duration'), require('dayjs/plugin/isBetween'), require('dayjs/plugin/localizedFormat'),
  require('dayjs/plugin/relativeTime'), require('dayjs/plugin/timezone'), require('dayjs/plugin/utc'), require('dayjs/plugin/weekOfYear'),
]) dayjs.extend(plugin)
require('dayjs/locale/pt-br')
const { serve } = require('../checks')

const day = dayjs.utc('2026-03-10T23:23:05Z')
serve({
  checks: {
    format: () => [day.format(), day.format('DD/MM/YYYY HH:mm:ss'), day.format('dddd, MMMM D'), day.toISOString()],
    locale: () => [day.locale('pt-br').format('dddd, D [de] MMMM [de] YYYY'), day.locale('pt-br').format('LLLL')],
    parse: () => [dayjs.utc('10/03/2026 15:04', 'DD/MM/YYYY HH:mm').toISOString(), dayjs('x').isValid(), dayjs.utc('31-02-2026', 'DD-MM-YYYY', true).isValid()],
    relative: () => [day.from(day.add(3, 'hour')), day.locale('pt-br').to(day.subtract(2, 'month'))],
    arithmetic: () => [day.add(1, 'month').toISOString(), day.startOf('week').toISOString(), day.endOf('month').toISOString(), day.diff(day.subtract(40, 'day'), 'month', true)],
    duration: () => [dayjs.duration(90, 'minutes').format('H:mm'), dayjs.duration('P1DT2H').asHours(), dayjs.duration(7800000).humanize()],
    compare: () => [day.isBefore(day.add(1)), day.isSame('2026-03-10', 'day'), day.isBetween('2026-01-01', '2026-12-01')],
    week: () => [day.week(), day.day(), day.daysInMonth()],
    tz: () => day.tz('America/Sao_Paulo').format(),
    parseTz: () => dayjs.tz('2026-03-10 12:00', 'America/New_York').toISOString(),
    guess: () => dayjs.tz.guess(),
  },
})
