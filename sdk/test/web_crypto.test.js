/** `crypto.subtle`: the same code on Node and in a bot, whose host is Node's own crypto. */
import crypto from 'node:crypto'
import { test } from 'node:test'
import { same } from './support/side_by_side.js'

const { subtle } = crypto.webcrypto
/** Older ones say much of it in other words. */
const on22 = { skip: Number(process.versions.node.split('.')[0]) < 22 && 'needs Node 22 to compare with' }
const ALGORITHMS = {
  'RSASSA-PKCS1-v1_5': { modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, 'RSA-PSS': { modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-1' },
  'RSA-OAEP': { modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, ECDSA: { namedCurve: 'P-256' }, ECDH: { namedCurve: 'P-384' }, Ed25519: {}, X25519: {}, Ed448: {}, X448: {},
}
const USAGES = {
  'RSASSA-PKCS1-v1_5': [['verify'], ['sign']], 'RSA-PSS': [['verify'], ['sign']], 'RSA-OAEP': [['encrypt', 'wrapKey'], ['decrypt', 'unwrapKey']], ECDSA: [['verify'], ['sign']], ECDH: [[], ['deriveBits', 'deriveKey']],
  Ed25519: [['verify'], ['sign']], X25519: [[], ['deriveBits']], Ed448: [['verify'], ['sign']], X448: [[], ['deriveBits']],
}
/** The same keys on both sides, as JWK. */
const JWKS = {}
for (const [name, more] of Object.entries(ALGORITHMS)) {
  const pair = await subtle.generateKey({ name, ...more }, true, USAGES[name].flat())
  const [open, secret] = [await subtle.exportKey('jwk', pair.publicKey), await subtle.exportKey('jwk', pair.privateKey)]
  for (const jwk of [open, secret]) for (const member of ['key_ops', 'ext', 'alg']) delete jwk[member]
  JWKS[name] = [open, secret]
}
const TOP = `const jwks = ${JSON.stringify(JWKS)}, usages = ${JSON.stringify(USAGES)}, more = ${JSON.stringify(ALGORITHMS)}
const importing = (name, isPrivate, extractable = true) => globalThis.crypto.subtle.importKey('jwk', jwks[name][isPrivate ? 1 : 0], { name, hash: more[name].hash, namedCurve: more[name].namedCurve }, extractable, usages[name][isPrivate ? 1 : 0])
const open = (name, ...rest) => importing(name, false, ...rest), secret = (name, ...rest) => importing(name, true, ...rest)
const shown = (key) => [key.type, key.extractable, { ...key.algorithm, publicExponent: key.algorithm.publicExponent && [...key.algorithm.publicExponent] }, key.usages, Object.prototype.toString.call(key)]\n`

test('keys go in and out in all formats as on Node', on22, () => same(`
  for (const name of Object.keys(jwks)) for (const make of [open, secret]) {
    await tell(async () => shown(await make(name)))
    await tell(async () => shown(await make(name, false)))
    await tell(async () => subtle.exportKey('jwk', await make(name, false)))
    for (const format of ['jwk', 'raw', 'spki', 'pkcs8']) {
      await tell(async () => JSON.stringify(await subtle.exportKey(format, await make(name))))
      await tell(async () => subtle.exportKey(format, await make(name)))
      await tell(async () => { const key = await make(name); return shown(await subtle.importKey(format, await subtle.exportKey(format, key), key.algorithm, false, key.usages)) })
    }
    await tell(async () => { const object = c.KeyObject.from(await make(name)); return [object.type, object.asymmetricKeyType, shown(object.toCryptoKey((await make(name)).algorithm, true, (await make(name)).usages))] })
  }
  for (const [name, length] of [['AES-GCM', 16], ['AES-CBC', 24], ['AES-CTR', 32], ['AES-KW', 16]]) {
    const uses = name === 'AES-KW' ? ['wrapKey'] : ['encrypt']
    await tell(async () => { const key = await subtle.importKey('raw', k(length), name, true, uses); return [shown(key), JSON.stringify(await subtle.exportKey('jwk', key)), hex(await subtle.exportKey('raw', key)), shown(await subtle.importKey('jwk', await subtle.exportKey('jwk', key), name, true, uses))] })
  }
  await tell(async () => { const key = await subtle.importKey('raw', k(20), { name: 'hmac', hash: 'sha-384' }, true, ['sign', 'verify']); return [shown(key), JSON.stringify(await subtle.exportKey('jwk', key)), shown(c.createSecretKey(k(9)).toCryptoKey({ name: 'HMAC', hash: 'SHA-1' }, true, ['sign']))] })
  await tell(async () => require('util').inspect(await subtle.importKey('raw', k(16), 'AES-GCM', true, ['encrypt'])))`, TOP))

test('keys are made as on Node', on22, () => same(`
  for (const name of Object.keys(jwks)) await tell(async () => {
    const pair = await subtle.generateKey({ name, ...more[name], publicExponent: new Uint8Array([1, 0, 1]) }, false, usages[name].flat())
    return [Object.keys(pair).sort(), shown(pair.publicKey), shown(pair.privateKey)]
  })
  for (const algorithm of [{ name: 'AES-GCM', length: 128 }, { name: 'AES-KW', length: 256 }, { name: 'HMAC', hash: 'SHA-512' }, { name: 'HMAC', hash: { name: 'SHA-1' }, length: 64 }]) await tell(async () => shown(await subtle.generateKey(algorithm, true, { 'AES-GCM': ['encrypt', 'decrypt'], 'AES-KW': ['wrapKey'], HMAC: ['sign'] }[algorithm.name])))
  for (const args of [[], [{}], ['AES-GCM', true, ['encrypt']], [{ name: 'AES-GCM' }, true, ['encrypt']], [{ name: 'AES-GCM', length: 100 }, true, ['encrypt']], [{ name: 'AES-GCM', length: 128 }, true, []], [{ name: 'AES-GCM', length: 128 }, true, ['sign']], [{ name: 'AES-GCM', length: 128 }, true, ['nope']], [{ name: 'AES-GCM', length: 128 }, true, 'x'],
    [{ name: 'nope' }, true, []], [1, true, []], [{ name: 'ECDSA' }, true, ['sign']], [{ name: 'ECDSA', namedCurve: 'P-1' }, true, ['sign']], [{ name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']], [{ name: 'ECDSA', namedCurve: 'P-256' }, true, ['encrypt']], [{ name: 'HMAC' }, true, ['sign']], [{ name: 'HMAC', hash: 'nope' }, true, ['sign']],
    [{ name: 'HMAC', hash: 'SHA-1', length: 0 }, true, ['sign']], [{ name: 'HMAC', hash: 'SHA-1', length: 7 }, true, ['sign']], [{ name: 'RSA-PSS' }, true, ['sign']], [{ name: 'RSA-PSS', modulusLength: 1024, publicExponent: [1], hash: 'SHA-1' }, true, ['sign']], [{ name: 'RSA-PSS', modulusLength: 1024, publicExponent: new Uint8Array(9).fill(1), hash: 'SHA-1' }, true, ['sign']],
    [{ name: 'RSA-PSS', modulusLength: -1, publicExponent: new Uint8Array(1), hash: 'SHA-1' }, true, ['sign']], [{ name: 'RSA-OAEP', modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-1' }, true, ['sign']], ['Ed25519', true, ['verify']], ['X25519', true, ['sign']]]) await tell(() => subtle.generateKey(...args))`, TOP))

test('signatures and secrets are as on Node', on22, () => same(`
  const data = Buffer.from('what is signed')
  const ways = { 'RSASSA-PKCS1-v1_5': [{}], 'RSA-PSS': [{ saltLength: 0 }, { saltLength: 20 }], ECDSA: [{ hash: 'SHA-256' }, { hash: 'SHA-512' }], Ed25519: [{}], Ed448: [{}, { context: new Uint8Array(0) }, { context: k(3) }, { context: 'x' }] }
  for (const name of Object.keys(ways)) for (const way of ways[name]) await tell(async () => {
    const algorithm = { name, ...way }, signature = await subtle.sign(algorithm, await secret(name), data)
    return [signature.byteLength, await subtle.verify(algorithm, await open(name), signature, data), await subtle.verify(algorithm, await open(name), signature, k(3)), await subtle.verify(algorithm, await open(name), k(3), data), name.endsWith('5') || name.startsWith('Ed') ? hex(signature) : '']
  })
  await tell(async () => { const key = await subtle.importKey('raw', k(20), { name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify']), mac = await subtle.sign('HMAC', key, data); return [hex(mac), await subtle.verify('HMAC', key, mac, data), await subtle.verify('HMAC', key, k(3), data)] })
  await tell(async () => { const sealed = await subtle.encrypt({ name: 'RSA-OAEP', label: k(3) }, await open('RSA-OAEP'), data); return [sealed.byteLength, Buffer.from(await subtle.decrypt({ name: 'RSA-OAEP', label: k(3) }, await secret('RSA-OAEP'), sealed)).toString()] })
  for (const name of ['ECDH', 'X25519', 'X448']) for (const length of [undefined, null, 449, 448, 256, 100, 8, 5, 0]) await tell(async () => subtle.deriveBits({ name, public: await open(name) }, await secret(name), ...(length === undefined ? [] : [length])))
  await tell(async () => subtle.exportKey('raw', await subtle.deriveKey({ name: 'ECDH', public: await open('ECDH') }, await secret('ECDH'), { name: 'AES-CBC', length: 256 }, true, ['encrypt'])))
  for (const f of [async () => subtle.sign('RSA-PSS', await secret('RSA-PSS'), data), async () => subtle.sign({ name: 'RSA-PSS', saltLength: 1000 }, await secret('RSA-PSS'), data), async () => subtle.sign({ name: 'ECDSA' }, await secret('ECDSA'), data), async () => subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, await open('ECDSA'), data), async () => subtle.sign('Ed25519', await secret('RSA-PSS'), data),
    async () => subtle.verify('Ed25519', await secret('Ed25519'), k(64), data), async () => subtle.sign('Ed25519', await secret('Ed25519')), async () => subtle.sign('Ed25519', {}, data), async () => subtle.sign('Ed25519', await secret('Ed25519'), 'text'), async () => subtle.encrypt('RSA-OAEP', await open('RSA-OAEP'), k(200)), async () => subtle.decrypt('RSA-OAEP', await secret('RSA-OAEP'), k(128)),
    async () => subtle.encrypt('RSA-OAEP', await secret('RSA-OAEP'), data), async () => subtle.encrypt('RSA-PSS', await open('RSA-PSS'), data), async () => subtle.deriveBits({ name: 'ECDH' }, await secret('ECDH'), 8), async () => subtle.deriveBits({ name: 'ECDH', public: await secret('ECDH') }, await secret('ECDH'), 8), async () => subtle.deriveBits({ name: 'ECDH', public: await open('X25519') }, await secret('ECDH'), 8),
    async () => subtle.deriveBits({ name: 'ECDH', public: await open('ECDH') }, await secret('ECDH'), 1000), async () => subtle.deriveKey({ name: 'X25519', public: await open('X25519') }, await secret('X25519'), { name: 'AES-CBC', length: 256 }, true, ['encrypt']), async () => subtle.deriveBits({ name: 'ECDH', public: await open('ECDH') }, await secret('X25519'), 8)]) await tell(f)`, TOP))

test('keys are wrapped as on Node', on22, () => same(`
  const aes = (name, uses) => subtle.importKey('raw', k(16, 5), name, true, uses)
  for (const format of ['raw', 'jwk']) await tell(async () => {
    const kw = await aes('AES-KW', ['wrapKey', 'unwrapKey']), wrapped = await subtle.wrapKey(format, await aes('AES-GCM', ['encrypt']), kw, 'AES-KW')
    return [hex(wrapped), shown(await subtle.unwrapKey(format, wrapped, kw, 'AES-KW', 'AES-GCM', true, ['encrypt']))]
  })
  for (const format of ['pkcs8', 'jwk']) await tell(async () => {
    const gcm = await aes('AES-GCM', ['wrapKey', 'unwrapKey']), way = { name: 'AES-GCM', iv: k(12) }, wrapped = await subtle.wrapKey(format, await secret('ECDSA'), gcm, way)
    return [hex(wrapped), shown(await subtle.unwrapKey(format, wrapped, gcm, way, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']))]
  })
  await tell(async () => { const wrapped = await subtle.wrapKey('raw', await aes('AES-GCM', ['encrypt']), await open('RSA-OAEP'), 'RSA-OAEP'); return hex(await subtle.exportKey('raw', await subtle.unwrapKey('raw', wrapped, await secret('RSA-OAEP'), 'RSA-OAEP', 'AES-GCM', true, ['encrypt']))) })
  for (const f of [async () => subtle.wrapKey('raw', await subtle.importKey('raw', k(16), 'AES-GCM', false, ['encrypt']), await aes('AES-KW', ['wrapKey']), 'AES-KW'), async () => subtle.wrapKey('spki', await aes('AES-GCM', ['encrypt']), await aes('AES-KW', ['wrapKey']), 'AES-KW'), async () => subtle.wrapKey('raw', await aes('AES-GCM', ['encrypt']), await aes('AES-KW', ['unwrapKey']), 'AES-KW'),
    async () => subtle.unwrapKey('raw', k(24), await aes('AES-KW', ['unwrapKey']), 'AES-KW', 'AES-GCM', true, ['encrypt']), async () => subtle.wrapKey('raw', await subtle.importKey('raw', k(9), { name: 'HMAC', hash: 'SHA-1' }, true, ['sign']), await aes('AES-KW', ['wrapKey']), 'AES-KW'), async () => subtle.wrapKey('raw'), async () => subtle.unwrapKey('nope', k(3), await aes('AES-KW', ['unwrapKey']), 'AES-KW', 'AES-GCM', true, []),
    async () => subtle.encrypt('AES-KW', await aes('AES-KW', ['wrapKey']), k(16))]) await tell(f)`, TOP))

test('what is wrong is told as on Node', on22, () => same(`
  const gcm = await subtle.importKey('raw', k(16), 'AES-GCM', true, ['encrypt', 'decrypt']), cbc = await subtle.importKey('raw', k(16), 'AES-CBC', true, ['encrypt', 'decrypt']), ctr = await subtle.importKey('raw', k(16), 'AES-CTR', true, ['encrypt'])
  for (const args of [[], ['raw', k(16), 'AES-GCM', true], ['nope', k(16), 'AES-GCM', true, []], ['raw', 'x', 'AES-GCM', true, []], ['raw', k(15), 'AES-GCM', true, ['encrypt']], ['raw', k(16), 'AES-GCM', true, []], ['raw', k(16), 'AES-GCM', true, ['sign']], ['spki', k(16), 'AES-GCM', true, ['encrypt']], ['raw', k(16), 'nope', true, []], ['raw', k(16), 'HKDF', true, ['deriveBits']],
    ['raw', k(16), 'PBKDF2', false, ['sign']], ['raw', k(16), 'PBKDF2', false, []], ['jwk', {}, 'AES-GCM', true, ['encrypt']], ['jwk', { kty: 'RSA' }, 'AES-GCM', true, ['encrypt']], ['jwk', { kty: 'oct', k: 'AAAA' }, 'AES-GCM', true, ['encrypt']], ['jwk', { kty: 'oct', k: k(16).toString('base64url'), alg: 'A256GCM' }, 'AES-GCM', true, ['encrypt']],
    ['jwk', { kty: 'oct', k: k(16).toString('base64url'), use: 'sig' }, 'AES-GCM', true, ['encrypt']], ['jwk', { kty: 'oct', k: k(16).toString('base64url'), key_ops: ['decrypt'] }, 'AES-GCM', true, ['encrypt']], ['jwk', { kty: 'oct', k: k(16).toString('base64url'), key_ops: ['encrypt', 'encrypt'] }, 'AES-GCM', true, ['encrypt']], ['jwk', { kty: 'oct', k: k(16).toString('base64url'), ext: false }, 'AES-GCM', true, ['encrypt']], ['jwk', k(16), 'AES-GCM', true, ['encrypt']],
    ['raw', k(3), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']], ['spki', k(3), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']], ['pkcs8', k(3), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']], ['raw', k(65), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']], ['jwk', jwks.ECDSA[0], { name: 'ECDSA', namedCurve: 'P-384' }, true, ['verify']], ['jwk', { ...jwks.ECDSA[0], alg: 'ES384' }, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']],
    ['raw', k(31), 'Ed25519', true, ['verify']], ['raw', k(56), 'Ed448', true, ['verify']], ['raw', k(57), 'X448', true, []], ['jwk', { ...jwks.Ed448[0], alg: 'ES256' }, 'Ed448', true, ['verify']], ['jwk', { ...jwks.Ed448[0], use: 'enc', alg: 'EdDSA' }, 'Ed448', true, ['verify']], ['jwk', jwks.X25519[0], 'Ed25519', true, ['verify']], ['jwk', { ...jwks.Ed25519[1], x: jwks.X25519[0].x }, 'Ed25519', true, ['sign']], ['jwk', { ...jwks['RSA-PSS'][0], alg: 'RS256' }, { name: 'RSA-PSS', hash: 'SHA-1' }, true, ['verify']], ['raw', k(3), { name: 'RSA-PSS', hash: 'SHA-1' }, true, ['verify']], ['jwk', jwks.ECDSA[0], { name: 'RSA-PSS', hash: 'SHA-1' }, true, ['verify']]]) await tell(() => subtle.importKey(...args))
  for (const length of [0, 1, 11, 12, 13, 128, 129]) await tell(() => subtle.encrypt({ name: 'AES-GCM', iv: k(length) }, gcm, k(1)))
  for (const length of [0, 1, 11, 129]) await tell(() => subtle.decrypt({ name: 'AES-GCM', iv: k(length) }, gcm, k(30)))
  for (const f of [() => subtle.digest(), () => subtle.digest('SHA-256', 'x'), () => subtle.digest('MD5', k(1)), () => subtle.digest({}, k(1)), () => subtle.encrypt('AES-GCM', gcm, k(1)), () => subtle.encrypt({ name: 'AES-GCM', iv: 'x' }, gcm, k(1)), () => subtle.encrypt({ name: 'AES-GCM', iv: k(12), tagLength: 7 }, gcm, k(1)), () => subtle.decrypt({ name: 'AES-GCM', iv: k(12) }, gcm, k(3)), () => subtle.decrypt({ name: 'AES-GCM', iv: k(12) }, gcm, k(30)),
    () => subtle.encrypt({ name: 'AES-CBC', iv: k(12) }, cbc, k(1)), () => subtle.encrypt({ name: 'AES-CTR', counter: k(16), length: 0 }, ctr, k(1)), () => subtle.encrypt({ name: 'AES-CTR', counter: k(15), length: 8 }, ctr, k(1)), () => subtle.encrypt({ name: 'AES-CTR', counter: k(16), length: 300 }, ctr, k(1)), () => subtle.decrypt({ name: 'AES-CTR', counter: k(16), length: 8 }, ctr, k(1)), () => subtle.encrypt({ name: 'AES-CBC', iv: k(16) }, gcm, k(1)),
    () => subtle.exportKey('raw'), () => subtle.exportKey('raw', {}), () => subtle.exportKey('spki', gcm), () => new CryptoKey(), () => new SubtleCrypto(), () => new Crypto(), () => crypto.getRandomValues(), () => crypto.getRandomValues(new Float32Array(1)), () => crypto.getRandomValues(new Uint8Array(65537)), () => crypto.getRandomValues.call({}, k(1)), () => subtle.digest.call({}, 'SHA-1', k(1)),
    async () => subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-1', salt: k(1), iterations: 0 }, await subtle.importKey('raw', k(3), 'PBKDF2', false, ['deriveBits']), 8), async () => subtle.deriveBits({ name: 'HKDF', hash: 'SHA-1', salt: k(1), info: k(1) }, await subtle.importKey('raw', k(3), 'HKDF', false, ['deriveBits']), 7), async () => subtle.deriveBits({ name: 'HKDF', hash: 'SHA-1', salt: k(1) }, await subtle.importKey('raw', k(3), 'HKDF', false, ['deriveBits']), 8),
    async () => subtle.deriveBits({ name: 'HKDF', hash: 'SHA-1', salt: k(1), info: k(1) }, await subtle.importKey('raw', k(3), 'HKDF', false, ['deriveBits']), null), async () => subtle.deriveBits({ name: 'HKDF', hash: 'SHA-1', salt: k(1), info: k(1) }, await subtle.importKey('raw', k(3), 'HKDF', false, ['deriveKey']), 8)]) await tell(f)
  for (const f of [() => subtle.decrypt({ name: 'AES-GCM', iv: k(12) }, gcm, k(30)), () => subtle.importKey('spki', k(3), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify'])]) await tell(() => f().catch((error) => [error instanceof DOMException, error.code, error.cause instanceof Error]))
  await tell(() => [Object.keys(CryptoKey.prototype), Object.keys(SubtleCrypto.prototype).sort(), String(crypto), String(subtle)])`, TOP))
