const fns = require('date-fns')
const { ptBR, es } = require('date-fns/locale')
const { serve } = require('../checks')

const at = new Date('2026-03-10T23:23:05Z')
serve({
  checks: {
    format: () => [fns.format(at, 'dd/MM/yyyy HH:mm:ss'), fns.format(at, "EEEE, d 'de' MMMM", { locale: ptBR }), fns.format(at, 'PPPP', { locale: es })],
    parse: () => [fns.parse('10/03/2026', 'dd/MM/yyyy', new Date(0)), fns.parseISO('2026-03-10T12:00:00-03:00'), fns.isValid(fns.parseISO('x'))],
    arithmetic: () => [fns.addMonths(at, 1), fns.startOfWeek(at, { weekStartsOn: 1 }), fns.endOfMonth(at), fns.differenceInBusinessDays(at, new Date('2026-02-01'))],
    distance: () => [fns.formatDistance(at, fns.addDays(at, 3), { addSuffix: true }), fns.formatDistanceStrict(at, fns.addHours(at, 5), { locale: ptBR }), fns.formatRelative(at, fns.addDays(at, 1))],
    interval: () => [fns.isWithinInterval(at, { start: new Date(0), end: new Date('2030-01-01') }), fns.eachDayOfInterval({ start: at, end: fns.addDays(at, 2) }).length],
    duration: () => [fns.formatDuration({ hours: 2, minutes: 5 }), fns.intervalToDuration({ start: new Date(0), end: at })],
    intlFormat: () => fns.intlFormat(at, { year: 'numeric', month: 'long', timeZone: 'UTC' }, { locale: 'pt-BR' }),
    intlDistance: () => fns.intlFormatDistance(at, fns.addDays(at, 3), { locale: 'es' }),
  },
})
