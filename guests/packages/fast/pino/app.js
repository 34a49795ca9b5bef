const pino = require('pino')
const { failure, serve } = require('../../checks')

const lines = []
const to = { write: (line) => { const { time, pid, hostname, ...rest } = JSON.parse(line); lines.push(rest) } }
const log = (options, write) => { lines.length = 0; write(pino(options, to)); return [...lines] }
serve({
  checks: {
    info: () => log({}, (logger) => logger.info({ a: 1 }, 'hello %s', 'Ana')),
    level: () => log({ level: 'warn' }, (logger) => { logger.info('no'); logger.error('yes') }),
    child: () => log({}, (logger) => logger.child({ id: 7 }).info('x')),
    redact: () => log({ redact: ['token', 'a.b'] }, (logger) => logger.info({ token: 's', a: { b: 1, c: 2 } })),
    error: () => { const [{ err }] = log({}, (logger) => logger.error(new TypeError('no'))); return [err.type, err.message, err.stack.split('\n')[0]] },
    serializers: () => log({ serializers: { who: ({ name }) => name } }, (logger) => logger.info({ who: { name: 'Ana', pw: 'x' } })),
    base: () => log({ base: { app: 'bot' }, timestamp: false, formatters: { level: (level) => ({ level }) } }, (logger) => logger.warn('x')),
    destination: () => failure(() => { pino.destination(1); return 'made' }),
    transport: () => failure(() => { const logger = pino({ transport: { target: 'pino/file', options: { destination: 1 } } }); logger.info('by a transport'); return typeof logger.info }),
  },
})
