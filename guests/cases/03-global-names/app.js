// Names of globals and of classes of the bot's own. node-fetch 2 looks at the name of a signal; dependency injection at those of
// classes. Node: no global is wrongly named, two classes of one name in two files keep it, a function's text is its source.
const Session = require('./one'), other = require('./two')
const GLOBALS = ['AbortController', 'AbortSignal', 'Blob', 'Event', 'EventTarget', 'File', 'FormData', 'Headers', 'MessageChannel', 'ReadableStream', 'Request', 'Response', 'TextDecoder', 'TextEncoder', 'TransformStream', 'URL', 'URLSearchParams', 'WebSocket', 'WritableStream']
const add = (a, b) => a + b
const answers = () => ({
  wrong: GLOBALS.filter((name) => globalThis[name]?.name !== name),
  tags: GLOBALS.map((name) => Object.prototype.toString.call(globalThis[name]?.prototype ?? null)),
  signal: new AbortController().signal.constructor.name,
  classes: [Session.name, other.Session.name, new Session().constructor.name, new other.Session().constructor.name],
  source: [String(add), String(Session), /^class/.test(String(other.Session)), String(other.greet)],
  native: String(Math.max),
})
require('http').createServer((req, res) => {
  const url = new URL(req.url, 'http://x')
  if (url.pathname === '/') return res.setHeader('content-type', 'application/json').end(JSON.stringify(answers()))
  res.end(url.searchParams.get('hub.challenge') ?? 'x')
}).listen(3000)
