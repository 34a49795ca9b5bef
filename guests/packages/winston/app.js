const { Writable } = require('node:stream')
const winston = require('winston')
const { serve } = require('../checks')

const { combine, errors, json, printf, splat, timestamp, simple, uncolorize, colorize } = winston.format
const log = async (options, write) => {
  const lines = []
  const stream = new Writable({ write(part, encoding, done) { lines.push(String(part)); done() } })
  const logger = winston.createLogger({ transports: [new winston.transports.Stream({ stream })], ...options })
  write(logger)
  await new Promise((done) => { logger.on('finish', done); logger.end() })
  return lines
}
serve({
  checks: {
    json: () => log({ format: json() }, (logger) => logger.info('olá', { a: 1 })),
    levels: () => log({ level: 'warn', format: simple() }, (logger) => { logger.info('no'); logger.warn('yes'); logger.error('yes') }),
    printf: () => log({ format: printf(({ level, message, who }) => `${level}: ${message} ${who}`), defaultMeta: { who: 'bot' } }, (logger) => logger.info('x')),
    splat: () => log({ format: combine(splat(), simple()) }, (logger) => logger.info('%s has %d', 'Ana', 3)),
    errors: async () => { const [line] = await log({ format: combine(errors({ stack: true }), json()) }, (logger) => logger.error(new TypeError('no'))); const { message, stack } = JSON.parse(line); return [message, stack.split('\n')[0]] },
    child: () => log({ format: json() }, (logger) => logger.child({ id: 7 }).info('x')),
    timestamp: async () => { const [line] = await log({ format: combine(timestamp(), json()) }, (logger) => logger.info('x')); return /^\d{4}-.*Z$/.test(JSON.parse(line).timestamp) },
    colors: () => log({ format: combine(colorize(), simple()) }, (logger) => logger.warn('x')),
    plain: () => log({ format: combine(uncolorize(), simple()) }, (logger) => logger.log('info', 'x')),
  },
})
