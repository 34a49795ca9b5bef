const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const pino = require('pino')
const { failure, serve } = require('../../checks')

const lines = []
const to = { write: (line) => { const { time, pid, hostname, ...rest } = JSON.parse(line); lines.push(rest) } }
const log = (options, write) => { lines.length = 0; write(pino(options, to)); return [...lines] }
/** What a transport wrote to a file, which it does when it comes to it. */
const written = async (name, transport) => {
  const file = path.join(os.tmpdir(), `pino-${name}-${process.pid}`)
  const logger = pino({ transport: transport(file) })
  for (const word of ['um', 'dois']) logger.info(word)
  let text = ''
  for (let tries = 0; tries < 100 && text.split('\n').length < 3; tries++) {
    await sleep(20)
    text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  }
  fs.rmSync(file, { force: true })
  return text.trim().split('\n').map((line) => (line[0] === '{' ? JSON.parse(line).msg : line))
}

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
    transportToFile: () => written('file', (destination) => ({ target: 'pino/file', options: { destination } })),
    ownTransport: () => written('own', (file) => ({ target: path.join(__dirname, 'to-file.js'), options: { file } })),
    transports: () => written('many', (file) => ({ targets: [{ target: path.join(__dirname, 'to-file.js'), options: { file } }, { target: 'pino/file', level: 'fatal', options: { destination: '/dev/null' } }] })),
    noTransport: () => failure(() => { pino({ transport: { target: './nothing-here' } }); return 'made' }).then(({ failed, went }) => failed?.message ?? went),
  },
})
