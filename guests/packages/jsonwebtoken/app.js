const crypto = require('node:crypto')
const jwt = require('jsonwebtoken')
const { failure, serve } = require('../checks')

const SECRET = 'a secret that is long enough for every one of them, surely so'
const at = { noTimestamp: true }
const pair = (type, options) => crypto.generateKeyPairSync(type, options)
const asymmetric = (algorithm, type, options) => () => {
  const { privateKey, publicKey } = pair(type, options)
  return jwt.verify(jwt.sign({ a: 1 }, privateKey, { algorithm, ...at }), publicKey)
}
serve({
  checks: {
    hs256: () => jwt.sign({ a: 1 }, SECRET, at),
    hs384: () => jwt.sign({ a: 1 }, SECRET, { ...at, algorithm: 'HS384' }),
    hs512: () => jwt.sign({ a: 1 }, SECRET, { ...at, algorithm: 'HS512', subject: 'ana', issuer: 'us', audience: ['x'], keyid: 'k', jwtid: 'j' }),
    verify: () => jwt.verify(jwt.sign({ a: 1, iat: 1000 }, SECRET), SECRET, { clockTimestamp: 1001 }),
    decode: () => jwt.decode(jwt.sign({ a: 1 }, SECRET, at), { complete: true }).header,
    expired: () => failure(() => jwt.verify(jwt.sign({ iat: 1000 }, SECRET, { expiresIn: '1h' }), SECRET)),
    early: () => failure(() => jwt.verify(jwt.sign({}, SECRET, { notBefore: 100, ...at }), SECRET)).then(({ failed }) => failed.name),
    invalid: () => failure(() => jwt.verify('a.b.c', SECRET)),
    otherSecret: () => failure(() => jwt.verify(jwt.sign({}, 'x'.repeat(40), at), SECRET)),
    audience: () => failure(() => jwt.verify(jwt.sign({ aud: 'a' }, SECRET, at), SECRET, { audience: 'b' })),
    callback: () => new Promise((done) => jwt.sign({ a: 1 }, SECRET, at, (error, token) => done([error, token]))),
    none: () => failure(() => jwt.verify(jwt.sign({ a: 1 }, '', { algorithm: 'none', ...at }), SECRET)),
    rs256: asymmetric('RS256', 'rsa', { modulusLength: 2048 }),
    ps256: asymmetric('PS256', 'rsa', { modulusLength: 2048 }),
    es256: asymmetric('ES256', 'ec', { namedCurve: 'P-256' }),
  },
})
