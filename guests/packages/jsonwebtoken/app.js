const crypto = require('node:crypto')
const jwt = require('jsonwebtoken')
const { failure, serve } = require('../checks')
const { EC_JWK, ec, ecInNumbers, rsaPem, rsaPublicPem } = require('../keys')

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
    serviceAccount: () => jwt.sign({ scope: 'x', iat: 1000 }, rsaPem(), { algorithm: 'RS256', expiresIn: 3600, issuer: 'bot@example.iam.gserviceaccount.com', audience: 'https://oauth2.googleapis.com/token', keyid: '1' }),
    escapedLines: () => jwt.sign({ a: 1 }, JSON.stringify(rsaPem()).slice(1, -1).replace(/\\n/g, '\n'), { algorithm: 'RS384', ...at }),
    fromBytes: () => jwt.verify(jwt.sign({ a: 1 }, Buffer.from(rsaPem()), { algorithm: 'RS512', ...at }), Buffer.from(rsaPublicPem())),
    passphrase: async () => {
      const key = crypto.createPrivateKey(rsaPem()).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'a secret' })
      const signed = (passphrase) => jwt.sign({ a: 1 }, { key, passphrase }, { algorithm: 'RS256', ...at })
      return [signed('a secret'), await failure(() => signed('another'))]
    },
    keyByName: () => new Promise((done) => jwt.verify(jwt.sign({ a: 1 }, rsaPem(), { algorithm: 'RS256', keyid: 'k', ...at }), ({ kid }, give) => give(null, kid === 'k' ? rsaPublicPem() : undefined), (error, claims) => done([error, claims]))),
    curveInNumbers: () => jwt.verify(jwt.sign({ a: 1 }, ecInNumbers(), { algorithm: 'ES256', ...at }), crypto.createPublicKey({ key: EC_JWK, format: 'jwk' })),
    wrongCurve: () => failure(() => jwt.sign({ a: 1 }, ec(), { algorithm: 'ES384' })),
    textForKey: () => failure(() => jwt.sign({ a: 1 }, 'no key', { algorithm: 'RS256' })),
    shortKey: () => failure(() => jwt.sign({ a: 1 }, pair('rsa', { modulusLength: 1024 }).privateKey, { algorithm: 'RS256' })),
    es256: asymmetric('ES256', 'ec', { namedCurve: 'P-256' }),
  },
})
