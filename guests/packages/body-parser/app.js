const bodyParser = require('body-parser')
const zlib = require('node:zlib')
const { serve } = require('../checks')

const parsers = {
  json: bodyParser.json({ limit: '2kb', verify: (req, res, bytes) => { req.length = bytes.length } }),
  strict: bodyParser.json({ strict: false, type: '*/*' }),
  form: bodyParser.urlencoded({ extended: true, parameterLimit: 3 }),
  simple: bodyParser.urlencoded({ extended: false }),
  text: bodyParser.text({ type: 'text/*' }),
  raw: bodyParser.raw({ type: () => true }),
}
const app = (req, res) => parsers[req.url.slice(1)](req, res, (error) => {
  res.statusCode = error ? error.status ?? 500 : 200
  res.setHeader('content-type', 'application/json')
  const body = Buffer.isBuffer(req.body) ? `raw ${req.body.toString('hex')}` : req.body
  res.end(JSON.stringify(error ? { message: error.message, type: error.type } : { body, length: req.length }))
})
const post = (parser, type, body, headers) => ({ method: 'POST', path: `/${parser}`, headers: { 'content-type': type, ...headers }, body })
const zipped = (how, encoding) => ({ ...post('json', 'application/json', undefined, { 'content-encoding': encoding }), base64: how('{"zipped":true}').toString('base64') })
serve({
  app,
  requests: {
    json: post('json', 'application/json; charset=utf-8', '{"a":"ç"}'),
    notStrict: post('strict', 'text/plain', '"just a text"'),
    form: post('form', 'application/x-www-form-urlencoded', 'a[b]=1&c=2'),
    tooManyParameters: post('form', 'application/x-www-form-urlencoded', 'a=1&b=2&c=3&d=4'),
    simpleForm: post('simple', 'application/x-www-form-urlencoded', 'a[b]=1&c=2&c=3'),
    text: post('text', 'text/plain; charset=iso-8859-1', 'abc'),
    raw: post('raw', 'image/png', 'bytes'),
    gzip: zipped(zlib.gzipSync, 'gzip'),
    deflate: zipped(zlib.deflateSync, 'deflate'),
    brotli: { ...post('json', 'application/json', undefined, { 'content-encoding': 'br' }), base64: 'CweAeyJ6aXBwZWQiOnRydWV9Aw==' },
    unknownEncoding: post('json', 'application/json', '{}', { 'content-encoding': 'zip' }),
    unknownCharset: post('json', 'application/json; charset=klingon', '{}'),
    tooLong: post('json', 'application/json', JSON.stringify({ a: 'x'.repeat(3000) })),
    broken: post('json', 'application/json', '{a}'),
    empty: post('json', 'application/json', ''),
  },
})
