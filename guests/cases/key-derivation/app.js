// Keys made of passwords, at the costs that people use, at once and by callbacks; what is wrong with them. Node: all of it takes less than a second.
const crypto = require('crypto')
const http = require('http')
const { promisify } = require('util')

const [scrypt, pbkdf2, hkdf] = [promisify(crypto.scrypt), promisify(crypto.pbkdf2), promisify(crypto.hkdf)]
const early = crypto.scryptSync('at the top level', 'salt', 16, { N: 1024 }).toString('hex')
const awaited = scrypt('at the top level', 'salt', 16, { N: 1024 })
const hex = (bytes) => Buffer.from(bytes).toString('hex')

const tell = async (act) => { try { const told = await act(); return typeof told === 'object' ? hex(told) : told ?? null } catch ({ name, code }) { return [name, code] } }

const pages = {
  '/': async () => [early, hex(await awaited), hex(crypto.scryptSync('password', 'salt', 64)), hex(await scrypt('password', 'salt', 64, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 << 20 })),
    hex(crypto.pbkdf2Sync('password', 'salt', 100_000, 64, 'sha512')), hex(await pbkdf2('password', 'salt', 210_000, 32, 'sha256')), hex(crypto.pbkdf2Sync('password', 'salt', 1000, 300, 'md5')),
    hex(crypto.hkdfSync('sha256', 'key', 'salt', 'info', 8160)), hex(await hkdf('sha512', Buffer.alloc(100, 1), '', Buffer.alloc(1024, 2), 100))],
  '/together': async () => (await Promise.all(Array.from({ length: 8 }, (_, i) => scrypt(`password ${i}`, 'salt', 16)))).map(hex),
  '/subtle': async () => {
    const { subtle } = crypto.webcrypto
    const password = await subtle.importKey('raw', Buffer.from('password'), 'PBKDF2', false, ['deriveBits', 'deriveKey'])
    const key = await subtle.deriveKey({ name: 'PBKDF2', hash: 'SHA-256', salt: Buffer.from('salt'), iterations: 50_000 }, password, { name: 'AES-GCM', length: 256 }, true, ['encrypt'])
    const secret = await subtle.importKey('raw', Buffer.from('secret'), 'HKDF', false, ['deriveBits'])
    return [await subtle.exportKey('jwk', key), hex(await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-512', salt: Buffer.from('salt'), info: Buffer.from('info') }, secret, 512))]
  },
  '/errors': () => Promise.all([() => crypto.scryptSync('p', 's', 16, { N: 2 ** 20 }), () => crypto.scryptSync('p', 's', 16, { N: 3 }), () => crypto.scryptSync('p', 's', 16, { N: 16, cost: 16 }), () => scrypt('p', 's', 16, { N: 2 ** 20 }),
    () => crypto.pbkdf2Sync('p', 's', 0, 16, 'sha1'), () => crypto.pbkdf2Sync('p', 's', 1, 16, 'nope'), () => crypto.pbkdf2Sync('p', 's', 1, 16), () => crypto.hkdfSync('sha256', 'k', 's', 'i', 8161), () => crypto.hkdfSync('sha256', 'k', 's', Buffer.alloc(1025), 16),
    () => crypto.createHmac('nope', 'k'), () => typeof crypto.scryptSync('p', 's', 16, { N: 1024, maxmem: 1024 * 1024 + 3072 })].map(tell)),
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
