// What cryptography and compression cost, measured where a bot uses them: `cargo xtask speed` asks it on Node and on a host.
//
//   GET /t           the names
//   GET /t?c=NAME    the samples of one, in milliseconds for each call, or why there are none
//   GET /send        5 MB by `res.send`; the log says how long it took until all was handed on

const crypto = require('node:crypto')
const zlib = require('node:zlib')
const express = require('express')

const MB = 1 << 20

/** How long one is measured, of the 5 s that an event has, and how many samples are enough. */
const LONG_ENOUGH = 1200
const ENOUGH = 51

const bytes = Buffer.alloc(MB)
for (let i = 0, x = 1; i < MB; i++) {
  x = (Math.imul(x, 1103515245) + 12345) >>> 0
  bytes[i] = x >>> 24
}
const text = Buffer.from(Array.from({ length: MB / 64 }, (_, n) => `{"id":${n},"name":"customer ${n % 97}","text":"hello again"}`.padEnd(64).slice(0, 64)).join(''))
const small = bytes.subarray(0, 1024)
const message = Buffer.from('a message to sign')

/** Made when it is first asked for: a host that has no public keys yet measures the rest. */
const once = (make) => {
  let made
  return () => (made ??= make())
}
const rsa = once(() => crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }))
const p256 = once(() => crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const signed = (keys) => once(() => crypto.sign('sha256', message, keys().privateKey))
const [byRsa, byP256] = [signed(rsa), signed(p256)]
const check = (keys, signature) => {
  if (!crypto.verify('sha256', message, keys().publicKey, signature())) throw new Error('a signature does not verify')
}

function aesGcm() {
  const cipher = crypto.createCipheriv('aes-256-gcm', small.subarray(0, 32), small.subarray(0, 12))
  cipher.update(bytes)
  cipher.final()
  return cipher.getAuthTag()
}

/** What is measured; `times` calls make a sample, where one is too short for the clock. */
const TASKS = {
  'SHA-256 of 1 MB': { run: () => crypto.createHash('sha256').update(bytes).digest() },
  'SHA-1 of 1 MB': { run: () => crypto.createHash('sha1').update(bytes).digest() },
  'HMAC-SHA-256 of 1 KB': { times: 100, run: () => crypto.createHmac('sha256', 'a secret').update(small).digest('hex') },
  'gzip of 1 MB': { run: () => zlib.gzipSync(text) },
  'gunzip to 1 MB': { ready: () => packed(), run: () => zlib.gunzipSync(packed()) },
  'AES-256-GCM of 1 MB': { run: aesGcm },
  'RSA-2048 sign': { ready: rsa, times: 5, run: () => crypto.sign('sha256', message, rsa().privateKey) },
  'RSA-2048 verify': { ready: byRsa, times: 20, run: () => check(rsa, byRsa) },
  'P-256 sign': { ready: p256, times: 20, run: () => crypto.sign('sha256', message, p256().privateKey) },
  'P-256 verify': { ready: byP256, times: 20, run: () => check(p256, byP256) },
  'bcrypt at cost 10': { run: () => require('bcrypt').hashSync('a password', 10) },
  'scrypt by its defaults': { run: () => crypto.scryptSync('a password', 'salt', 64) },
}
const packed = once(() => zlib.gzipSync(text))

function samples({ run, ready, times = 1 }) {
  ready?.()
  run()
  const taken = []
  const began = performance.now()
  while (taken.length < ENOUGH && (taken.length < 3 || performance.now() - began < LONG_ENOUGH)) {
    const from = performance.now()
    for (let n = 0; n < times; n++) run()
    taken.push((performance.now() - from) / times)
  }
  return taken
}

const app = express()

app.get('/webhook', (req, res) => res.send(req.query['hub.challenge'] ?? ''))

app.get('/t', (req, res) => {
  if (!req.query.c) return res.json(Object.keys(TASKS))
  try {
    return res.json({ samples: samples(TASKS[req.query.c]) })
  } catch (error) {
    return res.json({ failed: error.message })
  }
})

app.get('/send', (req, res) => {
  const body = text.toString('latin1').repeat(5)
  const from = performance.now()
  res.once('finish', () => console.log(`5 MB took ${performance.now() - from} ms`))
  res.send(body)
})

app.listen(process.env.PORT ?? 3000)
