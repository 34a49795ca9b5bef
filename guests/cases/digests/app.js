// Digests of all sizes, in pieces and at once, begun at the top level and ended in a request; HMACs; keys of passwords.
// Node: what the standards say.
const crypto = require('crypto')
const http = require('http')
const { pipeline } = require('stream/promises')
const { Readable } = require('stream')

const NAMES = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-224', 'sha512-256', 'ripemd160', 'sha3-256', 'sha3-512']
const bytes = (n) => Buffer.alloc(n, 'abcdefghijklmnop')
const begun = crypto.createHash('sha256').update('begun at the top level')
const large = crypto.createHash('sha1').update(bytes(200_000))

const pages = {
  '/': () => NAMES.map((name) => ({
    name,
    of: [0, 3, 63, 64, 65, 127, 128, 70_000, 3_000_000].map((n) => crypto.createHash(name).update(bytes(n)).digest('hex').slice(0, 16)),
    abc: crypto.createHash(name.toUpperCase()).update('abc').digest('hex'),
    pieces: (() => { const hash = crypto.createHash(name); for (let i = 0; i < 300; i++) hash.update(bytes(i)); return hash.digest('base64') })(),
    mac: [0, 10, 64, 200].map((n) => crypto.createHmac(name, bytes(n)).update('what do ya want ').update('for nothing?').digest('hex')),
    macOfMuch: crypto.createHmac(name, 'key').update(bytes(2_000_000)).digest('base64url'),
    once: crypto.hash ? crypto.hash(name, 'once') : undefined,
  })),
  '/from-the-top': () => {
    const copy = begun.copy()
    const other = begun.copy()
    const much = large.copy().update(bytes(100_000))
    return [copy.update(' and ended').digest('hex'), other.digest('hex'), much.digest('hex'),
      crypto.pbkdf2Sync('password', 'salt', 1000, 32, 'sha512').toString('hex'),
      Buffer.from(crypto.hkdfSync('sha256', 'key', 'salt', 'info', 42)).toString('hex')]
  },
  '/stream': async () => {
    const hash = crypto.createHash('sha256')
    await pipeline(Readable.from([bytes(10), bytes(100_000), 'text']), hash)
    const mac = crypto.createHmac('sha1', 'k')
    mac.end('abc')
    const reused = Buffer.from('first')
    const again = crypto.createHash('md5').update(reused)
    reused.write('other')
    return [hash.read().toString('hex'), mac.read().toString('hex'), again.digest('hex'), hash instanceof require('stream').Transform, hash.writable]
  },
  '/errors': () => ['nothing', () => crypto.createHash('nothing'), () => { const hash = crypto.createHash('md5'); hash.digest(); hash.digest() },
    () => crypto.createHash('md5').update(7), () => crypto.createHmac('md5')].slice(1).map((act) => { try { act(); return 'no error' } catch (error) { return error.code ?? error.name } }),
}

http.createServer(async ({ url }, res) => {
  const { pathname, searchParams } = new URL(url, 'http://bot')
  if (searchParams.has('hub.challenge')) return res.end(searchParams.get('hub.challenge'))
  const page = pages[pathname]
  if (!page) return res.writeHead(404).end()
  res.setHeader('content-type', 'application/json')
  try {
    res.end(JSON.stringify(await page()))
  } catch (error) {
    res.writeHead(500).end(String(error.stack))
  }
}).listen(process.env.PORT || 3000)
