const moment = require('moment-timezone')
require('moment/locale/pt-br')
moment.locale('en')
const { serve } = require('../checks')

const at = () => moment.utc('2026-03-10T23:23:05Z')
serve({
  checks: {
    format: () => [at().format(), at().format('dddd, MMMM Do YYYY'), at().toISOString()],
    tz: () => [at().tz('America/Sao_Paulo').format(), at().tz('Europe/Berlin').format('z Z'), at().tz('Asia/Kolkata').format('HH:mm')],
    parseTz: () => moment.tz('2026-03-08 02:30', 'America/New_York').toISOString(),
    locale: () => at().locale('pt-br').format('LLLL'),
    relative: () => [at().from(at().add(3, 'days')), moment.duration(90, 'minutes').humanize()],
    names: () => [moment.tz.names().length > 400, moment.tz.zone('America/Bogota').abbr(0)],
    parse: () => [moment.utc('10/03/2026', 'DD/MM/YYYY', true).toISOString(), moment('x', 'DD', true).isValid()],
    calendar: () => at().calendar(at().add(1, 'day')),
  },
})
