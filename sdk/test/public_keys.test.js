/** Public keys, certificates and primes of `node:crypto`: the same code on Node and in a bot, whose host is Node's own crypto. */
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { test } from 'node:test'
import { makeEngine } from './support/node_engine.js'
import { inBot, same } from './support/side_by_side.js'

/** Older ones refuse to decrypt with PKCS #1 v1.5. */
const MAJOR = Number(process.versions.node.split('.')[0])

const pem = (type, options = {}) => crypto.generateKeyPairSync(type, { ...options, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
const PAIRS = {
  rsa: pem('rsa', { modulusLength: 1024 }), pss: pem('rsa-pss', { modulusLength: 1024, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength: 20 }),
  ec: pem('ec', { namedCurve: 'P-256' }), k1: pem('ec', { namedCurve: 'secp256k1' }), p521: pem('ec', { namedCurve: 'P-521' }), p224: pem('ec', { namedCurve: 'secp224r1' }), ed: pem('ed25519'), x: pem('x25519'), ed448: pem('ed448'), x448: pem('x448'),
  dh: pem('dh', { group: 'modp14' }),
}
/** The same keys on both sides. */
const KEYS = `const pairs = ${JSON.stringify(PAIRS)}\nconst open = (name) => require('crypto').createPublicKey(pairs[name].publicKey), secret = (name) => require('crypto').createPrivateKey(pairs[name].privateKey)\n`

test('keys are read and written in all forms as on Node', () => same(`
  for (const name of Object.keys(pairs)) {
    for (const key of [open(name), secret(name)]) {
      await tell(() => [key.type, key.asymmetricKeyType, Object.entries(key.asymmetricKeyDetails).map(String), key.constructor.name, Object.prototype.toString.call(key), key.symmetricKeySize === undefined])
      await tell(() => JSON.stringify(key.export({ format: 'jwk' })))
      for (const type of key.type === 'public' ? ['spki', 'pkcs1'] : ['pkcs8', 'pkcs1', 'sec1']) for (const format of ['pem', 'der']) await tell(() => key.export({ type, format }))
      await tell(() => [key.equals(open(name)), key.equals(secret(name)), key.equals(c.createSecretKey('x'))])
    }
    await tell(() => c.createPublicKey(secret(name)).equals(open(name)) && c.createPublicKey(pairs[name].privateKey).equals(open(name)) && c.createPublicKey({ key: secret(name).export({ type: 'pkcs8', format: 'der' }), format: 'der', type: 'pkcs8' }).equals(open(name)))
    await tell(() => c.createPrivateKey({ key: secret(name).export({ format: 'jwk' }), format: 'jwk' }).equals(secret(name)))
    await tell(() => c.createPublicKey({ key: open(name).export({ format: 'jwk' }), format: 'jwk' }).equals(open(name)))
    for (const cipher of ['aes-128-cbc', 'aes-256-cbc', 'des-ede3-cbc']) for (const type of ['pkcs8', 'pkcs1', 'sec1']) await tell(() => {
      const text = secret(name).export({ type, format: 'pem', cipher, passphrase: 'secret' })
      return [text.split('\\n')[0], c.createPrivateKey({ key: text, passphrase: 'secret' }).equals(secret(name)), c.createPrivateKey({ key: Buffer.from(text), passphrase: Buffer.from('secret') }).equals(secret(name))]
    })
  }
  await tell(() => c.createSecretKey('a key', 'utf8').export())
  await tell(() => c.createSecretKey('a key').export({ format: 'jwk' }))
  await tell(() => [c.createSecretKey(k(5)).symmetricKeySize, c.createSecretKey(k(5)).type, c.createSecretKey(k(5)).equals(c.createSecretKey(k(5)))])
  await tell(() => c.createSecretKey(Buffer.from('abc')).constructor.name)`, KEYS))

test('keys that cannot be read or written are refused as on Node', () => same(`
  const encrypted = secret('rsa').export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }), old = secret('rsa').export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  const jwk = (key) => ({ key, format: 'jwk' })
  for (const f of [() => c.createPublicKey('x'), () => c.createPrivateKey('x'), () => c.createPublicKey(''), () => c.createPublicKey(5), () => c.createPrivateKey(5), () => c.createPrivateKey({ key: 5 }), () => c.createPublicKey({}), () => c.createPrivateKey({ key: k(5), format: 'der', type: 'pkcs8' }),
    () => c.createPrivateKey({ key: k(5), format: 'der' }), () => c.createPrivateKey({ key: k(5), format: 'nope' }), () => c.createPrivateKey({ key: k(5), format: 'der', type: 'spki' }), () => c.createPrivateKey(encrypted), () => c.createPrivateKey({ key: encrypted, passphrase: 'y' }),
    () => c.createPrivateKey({ key: encrypted, passphrase: 5 }), () => c.createPrivateKey(old), () => c.createPrivateKey({ key: old, passphrase: 'y' }), () => c.createPublicKey(old), () => c.createPrivateKey(pairs.rsa.publicKey), () => c.createPrivateKey(secret('rsa')),
    () => c.createPublicKey(open('rsa')), () => c.createPublicKey(c.createSecretKey('x')), () => c.createPublicKey(jwk('x')), () => c.createPublicKey(jwk({})), () => c.createPublicKey(jwk({ kty: 'RSA' })), () => c.createPublicKey(jwk({ kty: 'EC', crv: 'P-1' })),
    () => c.createPublicKey(jwk({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' })), () => c.createPublicKey(jwk({ kty: 'OKP', crv: 'Ed25519', x: 'AA' })), () => c.createPrivateKey(jwk({ kty: 'OKP', crv: 'Ed25519', x: 'AA' })), () => c.createPublicKey(jwk({ kty: 'OKP', crv: 'Ed448', x: 'AA' })), () => c.createSecretKey(5), () => c.createSecretKey(),
    () => open('rsa').export(), () => open('rsa').export({ format: 'pem' }), () => open('rsa').export({ type: 'pkcs8', format: 'pem' }), () => open('ec').export({ type: 'pkcs1', format: 'pem' }), () => secret('rsa').export({ type: 'sec1', format: 'pem' }), () => secret('rsa').export({ type: 'spki', format: 'pem' }),
    () => secret('rsa').export({ type: 'pkcs8', format: 'pem', cipher: 'nope', passphrase: 'x' }), () => secret('rsa').export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc' }), () => secret('rsa').export({ type: 'pkcs8', format: 'pem', passphrase: 'x' }), () => secret('rsa').export({ type: 'pkcs1', format: 'der', cipher: 'aes-256-cbc', passphrase: 'x' }),
    () => secret('rsa').export({ format: 'jwk', passphrase: 'x' }), () => c.createSecretKey('x').export({ format: 'nope' }), () => open('rsa').equals(1), () => c.KeyObject.from(1), () => new c.KeyObject('secret'), () => new c.KeyObject('x')]) await tell(f)`, KEYS))

test('signatures of one side hold on the other', () => same(`
  const data = Buffer.from('what is signed')
  const ways = { rsa: [{}, { padding: 6 }, { padding: 6, saltLength: -1 }, { padding: 6, saltLength: 10 }, { padding: 1 }], pss: [{}, { saltLength: 30 }], ec: [{}, { dsaEncoding: 'ieee-p1363' }], k1: [{}], p521: [{ dsaEncoding: 'ieee-p1363' }] }
  for (const name of Object.keys(ways)) for (const way of ways[name]) for (const digest of name === 'pss' ? ['sha256'] : ['sha1', 'sha256', 'RSA-SHA512', 'sha3-256']) {
    await tell(() => { const signature = c.sign(digest, data, { key: secret(name), ...way }); return [c.verify(digest, data, { key: open(name), ...way }, signature), c.verify(digest, k(3), { key: open(name), ...way }, signature), c.createVerify(digest).update(data).verify({ key: pairs[name].publicKey, ...way }, signature)] })
    await tell(() => { const signature = c.createSign(digest).update('what ').update('is signed').sign({ key: pairs[name].privateKey, ...way }, 'base64'); return c.createVerify(digest).update(data).verify({ key: open(name), ...way }, signature, 'base64') })
  }
  await tell(() => c.sign('sha256', data, secret('rsa')))
  await tell(() => c.sign(null, data, secret('rsa')))
  await tell(() => c.sign(null, data, secret('ed')))
  await tell(() => [c.sign(null, data, secret('ed448')), c.verify(null, data, open('ed448'), c.sign(null, data, secret('ed448'))), c.verify(null, k(3), open('ed448'), c.sign(null, data, secret('ed448')))])
  await tell(() => c.verify(undefined, data, open('ed'), c.sign(null, data, secret('ed'))))
  await tell(() => c.verify(null, data, open('ec'), c.sign(null, data, secret('ec'))))
  await tell(() => new Promise((resolve, reject) => c.sign('sha256', data, secret('rsa'), (error, signature) => error ? reject(error) : resolve(signature))))
  await tell(() => new Promise((resolve, reject) => c.verify('sha256', data, open('rsa'), c.sign('sha256', data, secret('rsa')), (error, holds) => error ? reject(error) : resolve(holds))))
  await tell(() => new Promise((resolve, reject) => c.sign(null, data, secret('ed'), (error, signature) => error ? reject(error) : resolve(signature))))
  await tell(async () => { const s = c.createSign('sha256'); await require('stream/promises').pipeline(require('stream').Readable.from([data]), s); return s.sign(secret('rsa')) })
  await tell(() => [c.createSign('sha256') instanceof c.Sign, c.Sign('sha256') instanceof require('stream').Writable, c.createVerify('sha256').constructor.name])
  await tell(() => c.verify('sha256', data, open('ec'), k(70)))
  await tell(() => c.verify('sha256', data, open('rsa'), k(3)))`, KEYS))

test('what cannot be signed or verified is refused as on Node', () => same(`
  const data = k(3)
  for (const f of [() => c.createSign('nope'), () => c.createSign(1), () => c.sign('nope', data, secret('rsa')), () => c.sign(1, data, secret('rsa')), () => c.sign('sha256', 3, secret('rsa')), () => c.sign('sha256', data), () => c.sign('sha256', data, 3), () => c.sign('sha256', data, open('rsa')), () => c.sign('sha256', data, secret('rsa'), 3),
    () => c.sign('sha256', data, secret('ed')), () => c.sign(null, data, secret('x')), () => c.sign('sha256', data, secret('ed448')), () => c.createSign('sha256').update('x').sign(secret('ed')), () => c.createSign('sha256').sign(), () => c.createSign('sha256').update(3), () => c.createSign('sha256').sign({ key: secret('rsa'), padding: 'x' }), () => c.createSign('sha256').sign({ key: secret('rsa'), saltLength: 1.5 }),
    () => c.createSign('sha256').sign({ key: secret('ec'), dsaEncoding: 'x' }), () => c.sign('sha256', data, { key: secret('ec'), dsaEncoding: null }), () => c.sign('sha256', data, { key: secret('rsa'), padding: 3 }), () => c.sign('sha256', data, { key: secret('rsa'), padding: 4 }), () => { const s = c.createSign('sha256'); s.sign(secret('rsa')); return s.sign(secret('rsa')) }, () => { const s = c.createSign('sha256'); s.sign(secret('rsa')); return s.update('x') },
    () => c.createVerify('sha256').verify(), () => c.createVerify('sha256').verify(open('rsa'), 3), () => c.verify('sha256', data, open('rsa'), 'x'), () => c.verify('sha256', data, c.createSecretKey('x'), k(3)), () => c.verify('sha256', data, 3, k(3))]) await tell(f)`, KEYS))

test('RSA encrypts and decrypts as on Node', () => same(`
  const data = Buffer.from('a key')
  for (const more of [{}, ${MAJOR < 22 ? '' : '{ padding: 1 },'} { padding: 4, oaepHash: 'sha256' }, { oaepHash: 'SHA512', oaepLabel: Buffer.from('label') }, { oaepHash: 'sha1', oaepLabel: 'label' }])
    for (const [to, from] of [[open('rsa'), secret('rsa')], [pairs.rsa.publicKey, pairs.rsa.privateKey], [secret('rsa'), pairs.rsa.privateKey]])
      await tell(() => c.privateDecrypt({ key: from, ...more }, c.publicEncrypt({ key: to, ...more }, more.oaepHash === 'SHA512' ? k(0) : data)).toString())
  await tell(() => c.publicEncrypt({ key: open('rsa'), padding: 3 }, k(128)))
  for (const padding of [1, 3]) await tell(() => c.publicDecrypt({ key: open('rsa'), padding }, c.privateEncrypt({ key: secret('rsa'), padding }, k(padding === 3 ? 128 : 20))))
  await tell(() => c.privateEncrypt(secret('rsa'), k(20)))
  await tell(() => c.privateDecrypt({ key: secret('rsa').export({ type: 'pkcs1', format: 'pem', cipher: 'des-ede3-cbc', passphrase: 'x' }), passphrase: 'x' }, c.publicEncrypt(open('rsa'), data)).toString())
  for (const f of [() => c.privateDecrypt(secret('rsa'), k(128)), () => c.privateDecrypt(secret('rsa'), k(12)), () => c.publicEncrypt(open('rsa'), k(127)), () => c.publicEncrypt(open('ec'), data), () => c.publicEncrypt({ key: open('rsa'), oaepHash: 'nope' }, data), () => c.publicEncrypt({ key: open('rsa'), oaepHash: 1 }, data),
    () => c.publicEncrypt({ key: open('rsa'), padding: 99 }, data), () => c.publicEncrypt({ key: open('rsa'), oaepLabel: 1 }, data), () => c.publicEncrypt(open('rsa'), 1), () => c.privateDecrypt(open('rsa'), data), () => c.publicDecrypt(open('rsa'), k(128)), () => c.privateEncrypt(secret('rsa'), k(200)),
    () => c.privateEncrypt({ key: secret('rsa'), padding: 4 }, data), () => c.privateDecrypt(1, data)]) await tell(f)`, KEYS))

test('key pairs are made as on Node', () => same(`
  const { promisify } = require('util')
  const kinds = [['rsa', { modulusLength: 512 }], ['rsa', { modulusLength: 520, publicExponent: 3 }], ['rsa-pss', { modulusLength: 512 }], ['rsa-pss', { modulusLength: 512, hashAlgorithm: 'sha256', saltLength: 10 }], ['ec', { namedCurve: 'P-256' }], ['ec', { namedCurve: 'secp256k1', paramEncoding: 'named' }], ['ed25519'], ['x25519'], ['ed448'], ['x448'], ['dh', { group: 'modp5' }], ['dh', { group: 'MODP14', publicKeyEncoding: undefined }], ['dh', { prime: c.getDiffieHellman('modp1').getPrime(), generator: 5 }], ['dh', { primeLength: 512 }]]
  const shown = (key) => [key.type, key.asymmetricKeyType, Object.entries(key.asymmetricKeyDetails).map(String)]
  for (const kind of kinds) {
    await tell(() => { const pair = c.generateKeyPairSync(...kind); return [Object.keys(pair), shown(pair.publicKey), shown(pair.privateKey)] })
    await tell(async () => { const pair = await promisify(c.generateKeyPair)(...kind); return [Object.keys(pair), shown(pair.publicKey), shown(pair.privateKey)] })
  }
  await tell(() => { const { publicKey, privateKey } = c.generateKeyPairSync('rsa', { modulusLength: 512, publicKeyEncoding: { type: 'pkcs1', format: 'der' }, privateKeyEncoding: { type: 'pkcs1', format: 'pem', cipher: 'des-ede3-cbc', passphrase: 'x' } }); return [Buffer.isBuffer(publicKey), privateKey.split('\\n').slice(0, 2), c.createPrivateKey({ key: privateKey, passphrase: 'x' }).type] })
  await tell(() => Object.keys(c.generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { format: 'jwk' }, privateKeyEncoding: { format: 'jwk' } }).privateKey))
  await tell(() => [c.generateKeySync('hmac', { length: 123 }).symmetricKeySize, c.generateKeySync('aes', { length: 192 }).symmetricKeySize])
  await tell(async () => (await promisify(c.generateKey)('aes', { length: 128 })).type)
  for (const f of [() => c.generateKeyPairSync(), () => c.generateKeyPairSync('nope'), () => c.generateKeyPairSync('rsa'), () => c.generateKeyPairSync('rsa', {}), () => c.generateKeyPairSync('rsa', { modulusLength: 'x' }), () => c.generateKeyPairSync('rsa', { modulusLength: 511 }), () => c.generateKeyPairSync('rsa', { modulusLength: 512, publicExponent: 'x' }),
    () => c.generateKeyPairSync('ec', {}), () => c.generateKeyPairSync('ec', { namedCurve: 'nope' }), () => c.generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'x' }), () => c.generateKeyPairSync('rsa', { modulusLength: 512, publicKeyEncoding: 'x' }), () => c.generateKeyPairSync('rsa', { modulusLength: 512, publicKeyEncoding: { type: 'x', format: 'pem' } }),
    () => c.generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs1', format: 'pem' } }), () => c.generateKeyPairSync('rsa', { modulusLength: 512, privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc' } }), () => c.generateKeyPair('rsa', { modulusLength: 512 }), () => c.generateKeyPairSync('rsa-pss', { modulusLength: 512, saltLength: -1 }),
    () => c.generateKeyPairSync('rsa-pss', { modulusLength: 512, hashAlgorithm: 'nope' }), () => c.generateKeyPairSync('rsa-pss', { modulusLength: 512, hashAlgorithm: 1 }), () => c.generateKeyPairSync('dh', {}), () => c.generateKeyPairSync('dh', { group: 'modp5', prime: k(3) }), () => c.generateKeyPairSync('dh', { group: 'modp3' }), () => c.generateKeyPairSync('dh', { group: 5 }), () => c.generateKeyPairSync('dh', { prime: 'x' }), () => c.generateKeyPairSync('dh', { prime: k(3) }), () => c.generateKeyPairSync('dh', { primeLength: 64 }), () => c.generateKeyPairSync('dh', { primeLength: -1 }), () => c.generateKeyPairSync('dh', { primeLength: 512, generator: 'x' }),
    () => promisify(c.generateKeyPair)('dh', { primeLength: 64 }), () => c.generateKeyPairSync('dh', { group: 'modp5', publicKeyEncoding: { type: 'pkcs1', format: 'pem' } }), () => c.generateKeySync('nope', { length: 8 }), () => c.generateKeySync('aes', { length: 100 }), () => c.generateKeySync('hmac', { length: 1 }), () => c.generateKeySync('hmac'), () => c.generateKey('aes', { length: 128 })]) await tell(f)`, KEYS))

test('secrets are agreed on as on Node', () => same(`
  for (const curve of ['prime256v1', 'secp256k1', 'secp384r1', 'secp521r1']) await tell(() => {
    const [a, b] = [c.createECDH(curve), c.ECDH(curve)]
    a.generateKeys(); b.setPrivateKey(k(20, 3))
    return [a.computeSecret(b.getPublicKey(), null, 'hex') === b.computeSecret(a.getPublicKey('hex', 'compressed'), 'hex', 'hex'), b.getPublicKey('hex'), b.getPublicKey('hex', 'compressed'), b.getPublicKey('base64', 'hybrid'), b.getPrivateKey('hex'),
      c.ECDH.convertKey(b.getPublicKey('hex', 'compressed'), curve, 'hex', 'hex', 'uncompressed') === b.getPublicKey('hex')]
  })
  const half = (size) => { const e = c.createECDH('prime256v1'); if (size) e.setPrivateKey(k(32, 5)); return e }
  for (const f of [() => c.createECDH(), () => c.createECDH('nope'), () => half().getPublicKey(), () => half().getPrivateKey(), () => half().computeSecret(k(3)), () => half(1).computeSecret(k(3)), () => half(1).computeSecret(k(65, 4)), () => half(1).computeSecret(3), () => half().setPrivateKey(k(32, 0)), () => half().setPrivateKey(k(32, 255)),
    () => half().setPublicKey(k(32)), () => half(1).getPublicKey('hex', 'nope'), () => c.ECDH.convertKey(k(3), 'prime256v1'), () => c.ECDH.convertKey(k(3), 'nope'), () => c.ECDH.convertKey(k(3), 1), () => c.ECDH.convertKey(1, 'prime256v1')]) await tell(f)
  for (const name of ['ec', 'x', 'x448', 'p521', 'dh']) await tell(() => c.diffieHellman({ privateKey: secret(name), publicKey: open(name) }))
  await tell(() => c.diffieHellman({ privateKey: secret('ec'), publicKey: secret('ec') }))
  for (const f of [() => c.diffieHellman(), () => c.diffieHellman({}), () => c.diffieHellman({ privateKey: open('ec'), publicKey: open('ec') }), () => c.diffieHellman({ privateKey: secret('ec'), publicKey: open('x') }), () => c.diffieHellman({ privateKey: secret('ec'), publicKey: open('p521') }), () => c.diffieHellman({ privateKey: secret('rsa'), publicKey: open('rsa') }),
    () => c.diffieHellman({ privateKey: secret('ec'), publicKey: c.createSecretKey('x') })]) await tell(f)
  const group = c.getDiffieHellman('modp5')
  await tell(() => { const [a, b] = [1, 2].map(() => c.generateKeyPairSync('dh', { group: 'modp5' })); const of = (mine, its) => c.diffieHellman({ privateKey: mine.privateKey, publicKey: its.publicKey }); return [of(a, b).equals(of(b, a)), of(a, b).length, a.publicKey.equals(c.createPublicKey(a.privateKey)), a.publicKey.equals(b.publicKey), of(a, c.generateKeyPairSync('dh', { prime: group.getPrime() })).length] })
  await tell(() => c.diffieHellman({ privateKey: secret('dh'), publicKey: c.generateKeyPairSync('dh', { group: 'modp5' }).publicKey }))
  await tell(() => c.diffieHellman({ privateKey: secret('dh'), publicKey: open('ec') }))
  for (const f of [() => c.sign('sha256', k(3), secret('dh')), () => c.verify('sha256', k(3), open('dh'), k(3)), () => c.publicEncrypt(open('dh'), k(3))]) await tell(f)
  for (const name of ['modp5', 'MODP14']) await tell(() => { const [a, b] = [c.getDiffieHellman(name), c.createDiffieHellmanGroup(name)]; a.generateKeys(); b.generateKeys('hex'); return [a.computeSecret(b.getPublicKey(), null, 'hex') === b.computeSecret(a.getPublicKey('hex'), 'hex', 'hex'), a.getPrime('hex'), a.getGenerator('hex'), a.verifyError, a.constructor.name, a.setPrivateKey === undefined] })
  await tell(() => { const d = c.createDiffieHellman(group.getPrime(), group.getGenerator()); d.setPrivateKey(k(20, 7)); const shown = d.generateKeys('hex'); return [shown, d.getPrivateKey('hex'), d.computeSecret(k(1, 4), null, 'base64'), d.verifyError] })
  await tell(() => c.createDiffieHellman(group.getPrime('hex'), 'hex', 5).verifyError)
  for (const f of [() => c.createDiffieHellman(), () => c.createDiffieHellman(0), () => c.createDiffieHellman(1.5), () => c.createDiffieHellman(group.getPrime(), 1), () => c.createDiffieHellman(group.getPrime(), true), () => c.getDiffieHellman('nope'), () => c.getDiffieHellman('modp5').getPublicKey(), () => c.getDiffieHellman('modp5').getPrivateKey(),
    () => { const d = c.getDiffieHellman('modp5'); d.generateKeys(); return d.computeSecret(k(1, 1)) }, () => c.getDiffieHellman('modp5').computeSecret(3)]) await tell(f)`, KEYS))

test('primes are made and checked as on Node', () => same(`
  const { promisify } = require('util')
  await tell(() => { const p = c.generatePrimeSync(40, { bigint: true }); return [typeof p, p.toString(2).length, c.checkPrimeSync(p)] })
  await tell(() => { const p = c.generatePrimeSync(64); return [p.constructor.name, p.byteLength, c.checkPrimeSync(p), c.checkPrimeSync(Buffer.from(p), { checks: 3 })] })
  await tell(() => { const p = c.generatePrimeSync(32, { add: 12n, rem: 11n, bigint: true }); return String(p % 12n) })
  await tell(async () => [await promisify(c.checkPrime)(7n), await promisify(c.checkPrime)(k(1, 9)), await promisify(c.checkPrime)(13n, { checks: 1 }), (await promisify(c.generatePrime)(32)).byteLength])
  for (const f of [() => c.generatePrimeSync(), () => c.generatePrimeSync(0), () => c.generatePrimeSync('x'), () => c.generatePrimeSync(8, 3), () => c.generatePrimeSync(8, { safe: 1 }), () => c.generatePrimeSync(8, { bigint: 1 }), () => c.generatePrimeSync(8, { add: 1 }), () => c.generatePrimeSync(8, { add: -1n }), () => c.generatePrimeSync(3, { add: 100n }), () => c.generatePrimeSync(3, { add: 5n, rem: 6n }),
    () => c.generatePrime(8), () => c.checkPrimeSync(), () => c.checkPrimeSync(7), () => c.checkPrimeSync(-1n), () => c.checkPrimeSync(7n, 1), () => c.checkPrimeSync(7n, { checks: -1 }), () => c.checkPrime(7n)]) await tell(f)`))

test('random numbers are refused as on Node', () => same(`
  for (const f of [() => c.randomBytes(), () => c.randomBytes(-1), () => c.randomBytes(2 ** 31), () => c.randomBytes(4, 1), () => c.randomFillSync(1), () => c.randomFillSync(k(4), 5), () => c.randomFillSync(k(4), 'x'), () => c.randomFillSync(k(4), 2, 3), () => c.randomFillSync(k(4), 2, 'x'), () => c.randomFill(k(4)), () => c.randomFill(1, () => {}), () => c.randomInt(), () => c.randomInt('x'), () => c.randomInt(3, 3),
    () => c.randomInt(2 ** 50), () => c.randomInt(-5, 2 ** 48), () => c.randomInt(1, 2, 3), () => c.randomUUID(1), () => c.randomUUID({ disableEntropyCache: 1 }), () => c.timingSafeEqual(k(1), k(2)), () => c.timingSafeEqual(1, k(2)), () => c.setEngine('x'), () => c.setEngine(1), () => c.secureHeapUsed(), () => [c.randomInt(1, 2), c.randomBytes(3).length, c.randomUUID({}).length], () => [c.fips, c.getFips()],
    () => new Promise((resolve) => c.randomInt(1, 2, (error, n) => resolve([error === undefined, n]))), () => new Promise((resolve) => c.randomFill(new Uint32Array(3), 1, (error, a) => resolve([error, a[0], a.length])))]) await tell(f)
  await tell(() => Object.keys(c).filter((name) => !/^(get|create)?(Cipher|Decipher)$/.test(name)).filter((name) => c[name] === undefined))
  await tell(() => Object.entries(c.constants).filter(([name]) => /^(RSA|POINT|DH|ENGINE)/.test(name)).map(String).sort())
  await tell(() => [typeof c.prng, c.rng === c.randomBytes, c.webcrypto === globalThis.crypto, c.subtle === c.webcrypto.subtle])`))

/** Made with OpenSSL, of many kinds of names; nobody has its key. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIDdjCCAxygAwIBAgIDAPHiMAoGCCqGSM49BAMCMIGIMQswCQYDVQQGEwJERTEb
MBkGA1UECAwSU29tZStTdGF0ZSwgcXVvdGVkMRIwEAYDVQQKDAnDnG7DryBPcmcx
DDAKBgNVBAsMA09uZTEXMBUGA1UEAwwOY29tbW9uLmV4YW1wbGUxITAfBgkqhkiG
9w0BCQEWEm1lQHN1YmplY3QuZXhhbXBsZTAgFw0yNjExMzAyMTA4NTZaGA8yMTI2
MTEwNjIxMDg1NlowgYgxCzAJBgNVBAYTAkRFMRswGQYDVQQIDBJTb21lK1N0YXRl
LCBxdW90ZWQxEjAQBgNVBAoMCcOcbsOvIE9yZzEMMAoGA1UECwwDT25lMRcwFQYD
VQQDDA5jb21tb24uZXhhbXBsZTEhMB8GCSqGSIb3DQEJARYSbWVAc3ViamVjdC5l
eGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVuLcgI2Zd+uFzt0UYWp1
9P4A6kWJqMOq7gZlclA1B6mU5LWSUi85Q5QU6Ot6TnwkExrhkks4+RhJjiDj3Jt9
EqOCAW8wggFrMIG5BgNVHREEgbEwga6CCWEuZXhhbXBsZYILKi5iLmV4YW1wbGWC
DWZvKi5jLmV4YW1wbGWBDG1lQGEuZXhhbXBsZYcEfwAAAYcQIAENuAAAAAAAAAAA
AAAAAYYXaHR0cHM6Ly9hLmV4YW1wbGUveD95LHqIAyoDBKAXBgorBgEEAYI3FAID
oAkMB21lQMODwrykKDAmMQswCQYDVQQGEwJERTEXMBUGA1UEAwwOSW4gYSBkaXJl
Y3RvcnkwDwYDVR0TAQH/BAUwAwEB/zALBgNVHQ8EBAMCAoQwHQYDVR0lBBYwFAYI
KwYBBQUHAwEGCCsGAQUFBwMCMFEGCCsGAQUFBwEBBEUwQzAgBggrBgEFBQcwAYYU
aHR0cDovL29jc3AuZXhhbXBsZS8wHwYIKwYBBQUHMAKGE2h0dHA6Ly9jYS5leGFt
cGxlL2EwHQYDVR0OBBYEFAkFk0CSfP7pCGlIS15ShUvT5C/7MAoGCCqGSM49BAMC
A0gAMEUCIFPW7+S+UAWxPMQMOwufQc/441YFm9Edal8rXHWISDFcAiEAiUbGxGHy
g0FV5oGioY0hNR698DudpQBuzxG/lZ8EsTM=
-----END CERTIFICATE-----
`

test('certificates are read as on Node', () => same(`
  const x = new c.X509Certificate(certificate), own = new c.X509Certificate(x.raw)
  for (const name of ['subject', 'issuer', 'subjectAltName', 'infoAccess', 'validFrom', 'validTo', 'fingerprint', 'fingerprint256', 'fingerprint512', 'keyUsage', 'serialNumber', 'ca', 'raw', 'issuerCertificate']) await tell(() => own[name])
  await tell(() => [String(x), JSON.stringify(x), x.publicKey.asymmetricKeyType, x.publicKey.export({ type: 'spki', format: 'pem' })])
  for (const host of ['a.example', 'A.Example', 'x.b.example', 'b.example', 'x.y.b.example', 'common.example', 'fo.c.example', 'foo.c.example', '.b.example', 'x.b.example.', '']) await tell(() => x.checkHost(host))
  for (const options of [{ subject: 'always' }, { subject: 'never' }, { wildcards: false }, { partialWildcards: false }, { multiLabelWildcards: true }]) for (const host of ['common.example', 'x.b.example', 'foo.c.example', 'x.y.b.example']) await tell(() => x.checkHost(host, options))
  for (const email of ['me@a.example', 'me@A.EXAMPLE', 'ME@a.example', 'you@a.example']) await tell(() => x.checkEmail(email))
  for (const ip of ['127.0.0.1', '127.0.0.2', '::1', '0:0::1', '2001:db8::1', '8.8.8', 'x']) await tell(() => x.checkIP(ip))
  await tell(() => [x.checkIssued(own), x.verify(x.publicKey), x.verify(open('rsa')), x.checkPrivateKey(secret('rsa'))])
  await tell(() => { const { raw, pubkey, ...rest } = x.toLegacyObject(); return [rest, hex(raw), hex(pubkey)] })
  await tell(() => [structuredClone(x).subject === x.subject, structuredClone({ key: x.publicKey }).key.equals(x.publicKey), structuredClone(c.createSecretKey('x')).type])
  await tell(() => c.createPublicKey(certificate).equals(x.publicKey))
  for (const f of [() => new c.X509Certificate('x'), () => new c.X509Certificate(1), () => new c.X509Certificate(k(0)), () => x.checkHost(1), () => x.checkHost('a', 1), () => x.checkHost('a', { subject: 'x' }), () => x.checkHost('a', { wildcards: 1 }), () => x.checkEmail(1), () => x.checkIP(1), () => x.checkIssued(1), () => x.verify(1), () => x.checkPrivateKey(1)]) await tell(f)
  for (const f of [() => x.verify(secret('rsa')), () => x.checkPrivateKey(open('rsa'))]) await tell(() => { try { f() } catch (error) { return error.code } })`,
`${KEYS}const certificate = ${JSON.stringify(CERTIFICATE)}\n`))

test('keys of the top level are plain values, and serve every event', async () => {
  const top = `${KEYS}const c0 = require('crypto')
    const key = secret('rsa'), signing = c0.createSign('sha256').update('text'), ecdh = c0.createECDH('prime256v1')
    ecdh.setPrivateKey(Buffer.alloc(32, 5))
    const pair = c0.generateKeyPairSync('ed25519')
    const web = crypto.subtle.importKey('jwk', secret('ec').export({ format: 'jwk' }), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])`
  const told = await inBot(`await tell(() => signing.sign(key))
    await tell(() => ecdh.getPublicKey())
    await tell(() => c.verify(null, k(3), pair.publicKey, c.sign(null, k(3), pair.privateKey)))
    await tell(async () => c.verify('sha256', k(3), { key: open('ec'), dsaEncoding: 'ieee-p1363' }, new Uint8Array(await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, await web, k(3)))))`, top)
  const ecdh = crypto.createECDH('prime256v1')
  ecdh.setPrivateKey(Buffer.alloc(32, 5))
  assert.deepEqual(told, [crypto.sign('sha256', Buffer.from('text'), PAIRS.rsa.privateKey).toString('hex'), ecdh.getPublicKey('hex'), true, true])
})

test('what the host refuses for its cost is an error that says so', async () => {
  const refuse = () => { throw { payload: { tag: 'time', val: { needs: 9000n, left: 5000n } } } }
  const engine = makeEngine({ 'public-keys.generate-now': refuse, 'public-keys.generate': async () => refuse() })
  const told = await inBot(`await tell(() => c.generateKeyPairSync('rsa', { modulusLength: 8192 }))
    await tell(() => require('util').promisify(c.generateKeyPair)('rsa', { modulusLength: 8192 }))`, '', engine)
  for (const [, code, message] of told) {
    assert.equal(code, 'ERR_CRYPTO_OPERATION_FAILED')
    assert.match(message, /generate would take about 9000 ms .* 5000 ms left/)
  }
})
