// What errors say, which people search the web for. Node: as V8 words it.
const http = require('http')
class OutOfTea extends Error { constructor() { super('no tea'); this.name = new.target.name } }
const wrong = {
  notAFunction: () => ({ user: {} }).user.greet(),
  notAFunctionByKey: () => { const handlers = {}; handlers.text() },
  ofUndefined: () => { const message = undefined; return message.text },
  ofNull: () => null.body,
  optional: () => JSON.parse(undefined),
  json: () => JSON.parse('{"a": }'),
  jsonEnd: () => JSON.parse('{"a": 1'),
  notDefined: () => undefinedName,
  notIterable: () => { const [a] = {}; return a },
  notAConstructor: () => { const thing = () => 1; return new thing() },
  constant: () => { const a = 1; a = 2 }, // eslint-disable-line
  own: () => { throw new OutOfTea() },
  range: () => 'x'.repeat(-1),
  url: () => new URL('not a url'),
  bigint: () => JSON.stringify({ a: 1n }),
  circular: () => { const a = {}; a.a = a; return JSON.stringify(a) },
  decode: () => decodeURIComponent('%'),
  destructure: () => { const { a } = null; return a },
}
http.createServer((req, res) => {
  const url = new URL(req.url, 'http://x')
  if (url.pathname !== '/') return res.end(url.searchParams.get('hub.challenge') ?? 'x')
  const name = url.searchParams.get('n')
  try { res.end(`went: ${wrong[name]()}`) } catch (error) { res.end(`${error.name}: ${error.message} | ${error.constructor.name} | ${error.stack.split('\n')[0]}`) }
}).listen(process.env.PORT || 3000)
