// Ciphers of every kind, in pieces and as streams, begun at the top level and ended in a request; AES of the web; what is wrong with them.
// Node: what the standards say, and OpenSSL's errors.
const crypto = require('crypto')
const http = require('http')
const { pipeline } = require('stream/promises')
const { Readable } = require('stream')

const NAMES = ['aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'aes-128-ctr', 'aes-256-ctr', 'aes-128-ecb', 'aes-256-ecb', 'chacha20', 'chacha20-poly1305']
const bytes = (n, text = 'abcdefghijklmnop') => Buffer.alloc(n, text)
const early = crypto.createCipheriv('aes-256-gcm', bytes(32), bytes(12)).setAAD(bytes(3))
const key = crypto.createSecretKey(bytes(16))

function sealed(name, data, step, ivLength) {
  const info = crypto.getCipherInfo(name)
  const hasTag = info.mode === 'gcm' || name === 'chacha20-poly1305'
  const iv = info.ivLength ? bytes(ivLength ?? info.ivLength, 'iv') : null
  const options = hasTag ? { authTagLength: 16 } : undefined
  const cipher = crypto.createCipheriv(name, bytes(info.keyLength), iv, options)
  if (hasTag) cipher.setAAD(bytes(20))
  const parts = []
  for (let at = 0; at < data.length; at += step) parts.push(cipher.update(data.subarray(at, at + step)))
  parts.push(cipher.final())
  const whole = Buffer.concat(parts)
  const decipher = crypto.createDecipheriv(name, bytes(info.keyLength), iv, options)
  if (hasTag) decipher.setAAD(bytes(20)).setAuthTag(cipher.getAuthTag())
  const opened = Buffer.concat([decipher.update(whole), decipher.final()])
  return [parts.map((part) => part.length).slice(0, 5), crypto.createHash('sha256').update(whole).digest('hex').slice(0, 16), hasTag ? cipher.getAuthTag().toString('hex') : '', opened.equals(data)]
}

const tell = async (act) => { try { const told = await act(); return Buffer.isBuffer(told) ? told.toString('hex') : told ?? null } catch ({ name, code, message }) { return [name, code, message] } }

const pages = {
  '/': () => NAMES.map((name) => [name, ...[0, 1, 16, 100].map((size) => sealed(name, bytes(size), 7)), sealed(name, bytes(3_000_000), 2_000_000)]),
  '/ivs': () => [1, 8, 12, 16, 60].map((length) => sealed('aes-128-gcm', bytes(50), 50, length)),
  '/from-the-top': () => {
    const begun = early.hasEnded ? null : early
    early.hasEnded = true
    const cipher = begun ?? crypto.createCipheriv('aes-256-gcm', bytes(32), bytes(12)).setAAD(bytes(3))
    const other = crypto.createCipheriv('aes-128-cbc', key, bytes(16))
    return [cipher.update('text', 'utf8', 'hex') + cipher.final('hex'), cipher.getAuthTag().toString('hex'), other.update('text', 'utf8', 'base64') + other.final('base64')]
  },
  '/stream': async () => {
    const parts = []
    await pipeline(Readable.from([bytes(10), bytes(100_000), 'text é']), crypto.createCipheriv('aes-256-cbc', bytes(32), bytes(16)), async (from) => { for await (const part of from) parts.push(part) })
    const whole = Buffer.concat(parts)
    const decipher = crypto.createDecipheriv('aes-256-cbc', bytes(32), bytes(16))
    decipher.end(whole)
    let text = ''
    for await (const part of decipher.setEncoding('utf8')) text += part
    return [whole.length, crypto.createHash('md5').update(whole).digest('hex'), text.length, text.slice(-6)]
  },
  '/subtle': async () => {
    const { subtle } = crypto.webcrypto
    const of = (name) => subtle.importKey('raw', bytes(32), name, true, ['encrypt', 'decrypt'])
    const hex = (buffer) => Buffer.from(buffer).toString('hex')
    const gcm = await of('AES-GCM')
    const box = await subtle.encrypt({ name: 'AES-GCM', iv: bytes(12), additionalData: bytes(4) }, gcm, bytes(30))
    return Promise.all([
      hex(box), hex(await subtle.decrypt({ name: 'AES-GCM', iv: bytes(12), additionalData: bytes(4) }, gcm, box)),
      hex(await subtle.encrypt({ name: 'AES-CBC', iv: bytes(16) }, await of('AES-CBC'), bytes(30))),
      hex(await subtle.encrypt({ name: 'AES-CTR', counter: bytes(16), length: 64 }, await of('AES-CTR'), bytes(30))),
      tell(async () => subtle.decrypt({ name: 'AES-GCM', iv: bytes(12) }, gcm, box)).then(([name]) => name),
      subtle.exportKey('jwk', gcm),
    ])
  },
  '/errors': async () => {
    const [k16, iv12] = [bytes(16), bytes(12)]
    const open = () => crypto.createDecipheriv('aes-128-gcm', k16, iv12)
    const cbc = () => crypto.createDecipheriv('aes-128-cbc', k16, k16)
    const told = []
    for (const act of [() => crypto.createCipheriv('aes-128-gcm', k16), () => crypto.createCipheriv('aes-128-gcm', iv12, iv12), () => crypto.createCipheriv('aes-128-cbc', k16, iv12), () => crypto.createCipheriv('aes-128-gcm', k16, bytes(0)),
      () => crypto.createCipheriv('aes-128-gcm', k16, iv12, { authTagLength: 5 }), () => open().setAuthTag(iv12.subarray(1)), () => open().setAuthTag(k16).final(), () => open().final(), () => { const x = cbc(); x.update(k16); return x.final() },
      () => { const x = cbc(); x.update(iv12); return x.final() }, () => cbc().setAAD(k16), () => { const x = crypto.createCipheriv('aes-128-cbc', k16, k16); x.final(); return x.update('x') }, () => crypto.createCipheriv('aes-128-gcm', k16, iv12).getAuthTag(),
      () => { const x = crypto.createCipheriv('aes-128-gcm', k16, iv12); x.update('x'); return x.setAAD(k16) }]) told.push(await tell(act))
    told.push((await tell(() => crypto.createCipheriv('nope', k16, k16)))[1])
    return told
  },
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
