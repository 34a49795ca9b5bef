// Makes the calls of Intl that it is sent, a list at a time, and tells what each gave and how long it took.
//
//   ['new', CLASS, LOCALE, OPTIONS, METHOD, ...ARGUMENTS]    a method of a new object
//   ['call', VALUE, METHOD, ...ARGUMENTS]                    a method of a value: toLocaleString and such
//   ['sort', TEXTS, LOCALE, OPTIONS]                         texts in order
//
// What JSON has not is {"$": KIND, "of": TEXT}.
const http = require('node:http')

const KINDS = { date: (text) => new Date(Number(text)), number: Number, bigint: BigInt, undefined: () => undefined }
const value = (given) => (given?.$ ? KINDS[given.$](given.of) : given)

const RUNS = {
  new(name, locale, options, method, ...args) {
    const made = new Intl[name](locale, options)
    const given = made[method](...args.map(value))
    return name === 'Segmenter' && method === 'segment' ? [...given] : given
  },
  call: (self, method, ...args) => value(self)[method](...args.map(value)),
  sort: (texts, locale, options) => [...texts].sort((a, b) => a.localeCompare(b, locale, options)),
}

function told([run, ...given]) {
  try {
    const result = RUNS[run](...given)
    return typeof result === 'string' ? result : JSON.stringify(result) ?? String(result)
  } catch (error) {
    return `${error.name}: ${error.message}`
  }
}

http.createServer(async (req, res) => {
  if (req.method === 'GET') return res.end(new URL(req.url, 'http://x').searchParams.get('hub.challenge') ?? '')
  let text = ''
  for await (const part of req) text += part
  const took = []
  const results = JSON.parse(text).map((call) => {
    const before = performance.now()
    const result = told(call)
    took.push(performance.now() - before)
    return result
  })
  res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ results, took }))
}).listen(process.env.PORT)
