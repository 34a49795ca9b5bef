/** Ciphers, key derivations and password hashes: the same code on Node and in a bot, whose host is Node's own crypto. */
import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { test } from 'node:test'
import { makeEngine } from './support/node_engine.js'
import { inBot, same, sameCodes } from './support/side_by_side.js'

test('ciphers give what Node gives, in pieces of all kinds', () => same(`
  const names = ['aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm', 'aes-128-cbc', 'aes-256-cbc', 'aes-128-ctr', 'aes-256-ctr', 'aes-192-ecb', 'des-ede3-cbc', 'des-ede3', 'des3', 'chacha20', 'chacha20-poly1305', 'AES-128-CBC', 'aes256', 'id-aes128-GCM']
  for (const name of names) {
    const { mode, keyLength, ivLength } = c.getCipherInfo(name)
    const hasTag = mode === 'gcm' || /poly/.test(name)
    const [key, iv] = [k(keyLength, 7), ivLength ? k(ivLength, 9) : null]
    const options = hasTag ? { authTagLength: 16 } : undefined
    for (const size of [0, 1, 15, 16, 17, 100]) for (const step of [7, 16, 100]) await tell(() => {
      const data = Buffer.from(Array.from({ length: size }, (_, i) => i))
      const sealing = c.createCipheriv(name, key, iv, options)
      if (hasTag) sealing.setAAD(Buffer.from('with it'))
      const parts = []
      for (let at = 0; at < size; at += step) parts.push(sealing.update(data.subarray(at, at + step)))
      parts.push(sealing.final())
      const tag = hasTag ? sealing.getAuthTag() : undefined
      const opening = c.createDecipheriv(name, key, iv, options)
      if (hasTag) opening.setAuthTag(tag).setAAD(Buffer.from('with it'))
      const sealed = Buffer.concat(parts)
      const opened = Buffer.concat([opening.update(sealed.subarray(0, step)), opening.update(sealed.subarray(step)), opening.final()])
      return [parts.map(hex), tag && hex(tag), opened.equals(data)]
    })
  }
  for (const size of [1, 8, 12, 16, 60]) await tell(() => { const x = c.createCipheriv('aes-128-gcm', k(16), k(size, 5)); return x.update('any IV', 'utf8', 'hex') + x.final('hex') + x.getAuthTag().toString('hex') })
  for (const authTagLength of [4, 8, 12, 13, 16]) await tell(() => { const x = c.createCipheriv('aes-128-gcm', k(16), k(12), { authTagLength }); x.final(); return x.getAuthTag() })
  await tell(() => { const x = c.createCipheriv('aes-128-cbc', k(16), k(16)).setAutoPadding(false); return [x.update(k(32), null, 'hex'), x.final('hex')] })
  await tell(() => { const x = c.createCipheriv('aes-128-gcm', k(16), k(12)); x.setAAD(Buffer.from('a')).setAAD(Buffer.from('b')); x.final(); return x.getAuthTag() })`))

test('ciphers are streams, and texts come out whole', () => same(`
  const { pipeline } = require('stream/promises'), { Readable } = require('stream')
  await tell(async () => {
    const sealing = c.createCipheriv('aes-256-cbc', k(32), k(16)), parts = []
    await pipeline(Readable.from([k(10), 'text é', k(70_000)]), sealing, async (from) => { for await (const part of from) parts.push(part) })
    const opening = c.createDecipheriv('aes-256-cbc', k(32), k(16))
    opening.end(Buffer.concat(parts))
    let size = 0
    for await (const part of opening) size += part.length
    return [hex(Buffer.concat(parts)).slice(-64), size]
  })
  await tell(async () => { for await (const part of Readable.from([k(15)]).pipe(c.createDecipheriv('aes-256-cbc', k(32), k(16)))) await part })
  await tell(() => { const s = c.createCipheriv('aes-128-ctr', k(16), k(16)).update('é€😀'), d = c.createDecipheriv('aes-128-ctr', k(16), k(16)); return [...s].map((byte) => d.update(Buffer.from([byte]), null, 'utf8')).join('|') + d.final('utf8') })
  await tell(() => { const x = c.createCipheriv('aes-128-cbc', 'abcdefghijklmnop', 'abcdefghijklmnop'); return x.update('x', 'utf8', 'base64') + x.final('base64') })
  await tell(() => { const x = c.createCipheriv('aes-128-cbc', c.createSecretKey(k(16)), k(16)); return x.update('6869', 'hex', 'hex') + x.final('hex') })
  await tell(() => { const x = c.createCipheriv('aes-128-cbc', k(16), k(16)); return [x instanceof c.Cipheriv, x instanceof require('stream').Transform, x.constructor.name, x.writable, c.Cipheriv('aes-128-cbc', k(16), k(16)) instanceof c.Cipheriv] })
  for (const args of [['aes-128-gcm'], ['aes-256-cbc'], ['chacha20-poly1305'], ['aes-128-ecb'], ['nope'], [895], ['aes-128-gcm', { ivLength: 16 }], ['aes-128-gcm', { keyLength: 15 }], ['aes-128-cbc', { ivLength: 12 }], ['aes128']])
    await tell(() => c.getCipherInfo(...args))`))

test('a cipher that nobody has is told as on Node, and one that Node alone has is told with what there is', async () => {
  await same(`for (const name of ['aes-127', 'nope', '', 'aes-128-cfbx']) for (const make of [c.createCipheriv, c.createDecipheriv]) await tell(() => make(name, k(16), null))`)
  const told = await inBot(`for (const name of ['aes-256-cfb', 'AES-128-XTS', 'des-ede', 'camellia256', 'sm4-ctr']) await tell(() => c.createCipheriv(name, k(16), k(16)))`)
  for (const [name, code, message] of told) {
    assert.deepEqual([name, code], ['Error', 'ERR_CRYPTO_UNKNOWN_CIPHER'])
    assert.match(message, /^Unknown cipher: Roost does not have .+\. It has .*aes-256-ctr/)
  }
})

test('ciphers fail as on Node', () => same(`
  const gcm = (options) => c.createCipheriv('aes-128-gcm', k(16), k(12), options), open = (options) => c.createDecipheriv('aes-128-gcm', k(16), k(12), options), cbc = () => c.createCipheriv('aes-128-cbc', k(16), k(16)), uncbc = () => c.createDecipheriv('aes-128-cbc', k(16), k(16))
  for (const f of [() => c.createCipheriv('aes-128-gcm'), () => c.createCipheriv('aes-128-gcm', k(16)), () => c.createCipheriv(1, k(16), k(16)), () => c.createCipheriv('aes-128-gcm', k(15), k(12)),
    () => c.createCipheriv('aes-128-cbc', k(16), k(12)), () => c.createCipheriv('aes-128-cbc', k(16), null), () => c.createCipheriv('aes-128-gcm', k(16), k(0)), () => c.createCipheriv('aes-128-gcm', k(16), null),
    () => c.createCipheriv('aes-128-ecb', k(16), k(16)), () => typeof c.createCipheriv('aes-128-ecb', k(16), ''), () => c.createCipheriv('chacha20', k(32), k(12)), () => c.createCipheriv('chacha20-poly1305', k(32), k(13)),
    ...[0, 3, 5, 17, 'x', 1.5, -1].map((authTagLength) => () => gcm({ authTagLength })), () => gcm().getAuthTag(), () => { const x = cbc(); x.final(); return x.getAuthTag() }, () => uncbc().setAuthTag(k(16)),
    ...[0, 3, 5, 11, 17].map((n) => () => open().setAuthTag(k(n))), () => open({ authTagLength: 12 }).setAuthTag(k(16)), () => c.createDecipheriv('chacha20-poly1305', k(32), k(12)).setAuthTag(k(12)),
    () => typeof open().setAuthTag('00112233445566778899aabbccddeeff', 'hex'), () => open().setAuthTag(3), () => open().setAuthTag(k(16)).setAuthTag(k(16)), () => open().final(), () => { const x = open(); x.update('a'); return x.final() },
    () => open().setAuthTag(k(16)).final(), () => c.createDecipheriv('chacha20-poly1305', k(32), k(12)).setAuthTag(k(16)).final(), () => { const x = gcm(); x.update('a'); return x.setAAD(k(1)) }, () => { const x = gcm(); x.final(); return x.setAAD(k(1)) },
    () => cbc().setAAD(k(1)), () => gcm().setAAD(3), () => { const x = gcm(); x.final(); return x.final() }, () => { const x = cbc(); x.final(); return x.update('a') }, () => cbc().update(3), () => cbc().update(), () => cbc().update(k(16), null, 'nope'),
    () => { const x = uncbc(); x.update(k(16)); return x.final() }, () => { const x = uncbc(); x.update(k(15)); return x.final() }, () => uncbc().final(), () => { const x = cbc().setAutoPadding(false); x.update(k(15)); return x.final() },
    () => { const x = cbc(); x.final(); return x.setAutoPadding(false) }]) await tell(f)`))

// Not side by side: what Node refuses so stays in a queue of OpenSSL's, and is told of the next failure.
test('an IV of GCM has at most 128 bytes', async () => {
  const told = await inBot(`for (const length of [128, 129]) { await tell(() => c.getCipherInfo('aes-128-gcm', { ivLength: length })?.ivLength); await tell(() => typeof c.createDecipheriv('aes-128-gcm', k(16), k(length))) }`)
  assert.deepEqual(told, [128, 'object', null, ['TypeError', 'ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector']])
})

test('an encoding that nobody knows is as on Node', () => same(`
  for (const encoding of ['x', 'json', '', 5, true, {}, [], NaN, null, undefined, 'HEX', 'Utf-8', 'buffer']) {
    const keyed = () => c.createHmac('sha1', 'a key')
    await tell(() => [c.createHash('sha1').update('abcd', encoding).digest('hex'), keyed().update('abcd', encoding).digest('hex'), c.createCipheriv('aes-128-ctr', k(16), k(16)).update('abcd', encoding, 'hex'), typeof c.createSign('sha1').update('abcd', encoding)])
    for (const made of [c.createHash('sha1'), keyed()]) await tell(() => { const digest = made.update('abcd').digest(encoding); return [digest.constructor.name, digest.toString('hex')] })
    await tell(() => c.createSecretKey('abcd', encoding).export())
    if (typeof encoding !== 'string') await tell(() => Buffer.from('abcd', encoding))
  }
  await tell(() => ['one', 'two', 'three'].map(Buffer.from).join())
  for (const f of [() => c.createHash('sha1').update(new ArrayBuffer(3)), () => c.createHmac('sha1', 'x').update(new ArrayBuffer(3)), () => c.createCipheriv('aes-128-ctr', k(16), k(16)).update(new ArrayBuffer(3)), () => c.createSign('sha1').update(new ArrayBuffer(3)), () => c.getDiffieHellman(5)]) await tell(f)`))

test('modes that are made of others give what Node gives', () => same(`
  const data = Buffer.from(Array.from({ length: 100 }, (_, i) => i))
  for (const mode of ['ccm', 'ocb']) for (const bits of [128, 256]) for (const authTagLength of [4, 12, 16]) for (const [size, aad] of [[0, 0], [1, 3], [16, 16], [40, 40], [100, 100]]) await tell(() => {
    const options = { authTagLength }, given = [\`aes-\${bits}-\${mode}\`, k(bits / 8, 7), k(12, 9), options]
    const sealing = c.createCipheriv(...given), opening = c.createDecipheriv(...given)
    const more = { plaintextLength: size }
    if (aad) sealing.setAAD(data.subarray(0, aad), more)
    const parts = [sealing.update(data.subarray(0, size)), sealing.final()]
    if (aad) opening.setAAD(data.subarray(0, aad), more)
    opening.setAuthTag(sealing.getAuthTag())
    return [...parts.map(hex), hex(sealing.getAuthTag()), Buffer.concat([opening.update(Buffer.concat(parts)), opening.final()]).equals(data.subarray(0, size))]
  })
  await tell(() => { const x = c.createCipheriv('aes-128-ocb', k(16), k(15), { authTagLength: 16 }); x.setAAD(k(5)).setAAD(k(20)); return [x.update(k(5)), x.update(k(30)), x.final()].map(hex).concat(hex(x.getAuthTag())) })
  for (const bits of [128, 192, 256]) for (const size of [8, 16, 17, 64]) for (const pad of ['', '-pad']) await tell(() => {
    const given = [\`id-aes\${bits}-wrap\${pad}\`, k(bits / 8, 7), k(pad ? 4 : 8, 0xa6)]
    const wrapped = c.createCipheriv(...given).update(data.subarray(0, size))
    return [hex(wrapped), hex(c.createDecipheriv(...given).update(wrapped))]
  })
  const ccm = (iv = 12, options = { authTagLength: 16 }) => c.createCipheriv('aes-128-ccm', k(16), k(iv), options), unccm = () => c.createDecipheriv('aes-128-ccm', k(16), k(12), { authTagLength: 16 })
  for (const f of [() => ccm(12, {}), () => ccm(12, { authTagLength: 5 }), () => ccm(6), () => ccm(14), () => ccm().setAAD(k(3)), () => { const x = ccm(); x.update(k(1)); return x.update(k(1)) },
    () => { const x = ccm().setAAD(k(3), { plaintextLength: 2 }); return x.update(k(1)) }, () => ccm(13).update(k(65536)), () => { const x = unccm().setAuthTag(k(16)); x.update(k(20)); return x.final() }, () => { const x = unccm(); x.update(k(20)); return x.final() },
    () => unccm().setAuthTag(k(12)), () => c.createCipheriv('aes-128-ocb', k(16), k(16), { authTagLength: 16 }), () => c.createCipheriv('aes-128-ocb', k(16), k(12)), () => c.createCipheriv('aes128-wrap', k(16), k(7)), () => c.createCipheriv('aes128-wrap', k(16), k(8)).update(k(15)),
    () => c.createDecipheriv('aes128-wrap', k(16), k(8)).update(k(24)), () => c.createDecipheriv('aes128-wrap-pad', k(16), k(4)).update(k(24)), ...['aes-128-ccm', 'aes-256-ocb', 'id-aes192-wrap', 'aes128-wrap-pad', 788].map((name) => () => c.getCipherInfo(name))]) await tell(f)`))

test('keys that one side wraps with 3DES the other unwraps', async () => {
  const key = Buffer.alloc(24, 5)
  const wrapped = createCipheriv('des3-wrap', key, '').update('of 16 bytes here').toString('hex')
  await same(`
    const key = k(24, 5), open = (hex) => c.createDecipheriv('des3-wrap', key, '').update(hex, 'hex', 'utf8'), seal = () => c.createCipheriv('des3-wrap', key, '')
    await tell(() => [open('${wrapped}'), open(seal().update('12345678', 'utf8', 'hex')), seal().update('12345678').length, seal().update('').length, c.getCipherInfo('des3-wrap'), c.getCipherInfo('id-smime-alg-CMS3DESwrap')])
    for (const hex of ['${wrapped.slice(2)}', '${wrapped.slice(16)}', '00${wrapped.slice(2)}', '00', '']) await tell(() => open(hex))
    await tell(() => seal().update('1234567'))
    await tell(() => c.createCipheriv('des3-wrap', key, k(8)))
    await tell(() => c.createCipheriv('des-ede3-cbc', key, k(16)))
    await tell(() => c.createDecipheriv('des-ede3-cbc', key, k(8)).update(k(9)) + 1)
    await tell(() => { const x = c.createDecipheriv('des-ede3-cbc', key, k(8)); x.update(k(9)); return x.final() })
    await tell(() => { const x = c.createDecipheriv('des-ede3-cbc', key, k(8)); x.update(k(8)); return x.final() })`)
})

test('an unknown cipher is named with those that there are', async () => {
  const [told] = await inBot("await tell(() => c.createCipheriv('aes-128-xts', k(16), k(12)))")
  assert.deepEqual(told.slice(0, 2), ['Error', 'ERR_CRYPTO_UNKNOWN_CIPHER'])
  assert.match(told[2], /aes-128-xts.*chacha20-poly1305/)
})

test('digests are as long as is asked for where they can be', () => same(`
  for (const name of ['shake128', 'SHAKE256', 'sha256']) for (const outputLength of [undefined, 0, 5, 32, 300]) await tell(() => c.createHash(name, { outputLength }).update('é').digest('hex'))
  await tell(() => { const h = c.createHash('shake128', { outputLength: 5 }).update('a'); return [h.copy().update('b').digest('hex'), h.copy({ outputLength: 40 }).digest('hex'), h.digest('hex')] })
  await tell(() => c.createHash('shake256', { outputLength: 100 }).update(k(70_000)).digest('hex'))
  for (const outputLength of [null, 'x', -1, 1.5]) await tell(() => c.createHash('shake128', { outputLength }))
  await tell(() => c.getHashes().filter((name) => /shake/.test(name)))`))

test('key derivations give what Node gives, with callbacks and without', () => same(`
  const { promisify } = require('util')
  for (const digest of ['md5', 'sha1', 'SHA256', 'sha384', 'sha512', 'sha512-256', 'sha3-256', 'ripemd160']) await tell(() => c.pbkdf2Sync('password', 'salt', 3, 70, digest))
  await tell(() => promisify(c.pbkdf2)('p', k(5), 7, 20, 'sha256'))
  await tell(() => c.scryptSync('p', 's', 16, { N: 16 }))
  await tell(() => c.scryptSync('p', 's', 16, { cost: 16, blockSize: 2, parallelization: 3 }))
  await tell(() => c.scryptSync('p', 's', 0))
  await tell(() => promisify(c.scrypt)('p', 's', 64))
  await tell(() => promisify(c.scrypt)('p', 's', 64, { N: 1024, r: 8, p: 2 }))
  await tell(() => c.hkdfSync('sha256', 'k', 's', 'i', 42))
  await tell(() => c.hkdfSync('sha512', c.createSecretKey(k(16)), '', '', 64))
  await tell(() => promisify(c.hkdf)('sha1', k(3), k(4), k(5), 33))
  await tell(() => new Promise((resolve) => { let order = ['sync']; c.pbkdf2('p', 's', 1, 8, 'sha1', (error, key) => resolve([...order, error, hex(key)])); order.push('after') }))`))

test('key derivations fail as on Node', () => sameCodes(`
  for (const f of [() => c.pbkdf2Sync('p', 's', 1, 20), () => c.pbkdf2Sync('p', 's', 1, 20, 'nope'), () => c.pbkdf2Sync('p', 's', 1, 20, 3), () => c.pbkdf2Sync('p', 's', 0, 20, 'sha1'), () => c.pbkdf2Sync('p', 's', '1', 20, 'sha1'),
    () => c.pbkdf2Sync('p', 's', 2 ** 31, 20, 'sha1'), () => c.pbkdf2Sync('p', 's', 1.5, 20, 'sha1'), () => c.pbkdf2Sync('p', 's', 1, -1, 'sha1'), () => c.pbkdf2Sync(1, 's', 1, 20, 'sha1'), () => c.pbkdf2Sync('p', 1, 1, 20, 'sha1'),
    () => c.pbkdf2('p', 's', 1, 20, 'sha1'), () => c.pbkdf2('p', 's', 1, 20, () => {}), () => c.scryptSync('p', 's', 16, { N: 3 }), () => c.scryptSync('p', 's', 16, { N: 1 }), () => c.scryptSync('p', 's', 16, { N: -1 }),
    () => c.scryptSync('p', 's', 16, { N: '16' }), () => c.scryptSync('p', 's', 16, { N: 2 ** 20 }), () => c.scryptSync('p', 's', 16, { N: 1024, r: 8, maxmem: 1024 * 1024 + 3071 }), () => typeof c.scryptSync('p', 's', 16, { N: 1024, r: 8, maxmem: 1024 * 1024 + 3072 }),
    () => c.scryptSync('p', 's', 16, { maxmem: 'x' }), () => c.scryptSync('p', 's'), () => c.scrypt('p', 's', 16), () => c.scrypt('p', 's', 16, { N: 3 }, () => {}), () => c.hkdfSync('sha256', 'k', 's', 'i', 255 * 32 + 1),
    () => c.hkdfSync('sha256', 'k', 's', k(1025), 10), () => c.hkdfSync('nope', 'k', 's', 'i', 10), () => c.hkdfSync(1, 'k', 's', 'i', 10), () => c.hkdfSync('sha256', 1, 's', 'i', 10), () => c.hkdfSync('sha256', 'k', 's', 'i', '10'),
    () => c.hkdf('sha256', 'k', 's', 'i', 10), () => c.createHmac('nope', 'k'), () => c.createHmac('sha256'), () => { const h = c.createHmac('sha256', 'k'); h.digest(); return h.digest('hex') },
    () => { const h = c.createHmac('sha256', 'k'); h.digest(); return h.update('a') }, () => c.createHash(1), () => { const h = c.createHash('sha256'); h.digest(); return h.copy() }]) await tell(f)`))

test('what the host refuses is an error of Node, at once or by the callback', async () => {
  const told = await inBot(`const much = { N: 2 ** 20, maxmem: 2 ** 31 }
    await tell(() => c.scryptSync('p', 's', 16, much))
    await tell(() => require('util').promisify(c.scrypt)('p', 's', 16, much))
    await tell(() => require('bcrypt').hash('p', 20))
    await tell(() => require('bcryptjs').hashSync('p', 20))`)
  for (const [name, code, message] of told.slice(0, 2)) {
    assert.deepEqual([name, code], ['RangeError', 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS'])
    assert.match(message, /^Invalid scrypt params: memory limit exceeded \(.* 1024 MiB .* 128 MiB left\)$/)
  }
  for (const [, code, message] of told.slice(2)) {
    assert.equal(code, 'ERR_CRYPTO_OPERATION_FAILED')
    assert.match(message, /bcrypt would take about 40960 ms .* 5000 ms left/)
  }
})

test('digests go on after a copy, and keep what they were given', () => same(`
  for (const data of ['é', '\\ud800 alone', k(5), k(70_000), new Int8Array([-1, 2]), new Uint16Array([258, 3]), new DataView(new ArrayBuffer(3)), new Uint8Array([1, 2, 3]).subarray(1)]) await tell(() => {
    const hash = c.createHash('sha256').update(data), mac = c.createHmac('sha256', 'key').update(data), copy = hash.copy().update('more')
    return [copy.copy().digest('hex'), hash.update('x').update(data).digest('hex'), copy.update(data).digest('base64'), mac.update(data).update('x').digest('hex')]
  })
  await tell(() => { const data = k(3), key = k(4), hash = c.createHash('md5').update(data), mac = c.createHmac('md5', key).update(data); data.fill(9); key.fill(9); return [hash.digest('hex'), mac.digest('hex')] })
  await tell(() => { const one = c.createHash('sha1').update('a'), digest = one.digest(); digest.fill(0); return [Buffer.isBuffer(digest), c.createHash('sha1').update('a').digest('hex'), c.createHash('sha1').digest('latin1').length, c.createHmac('sha1', '').digest('base64url')] })
  for (const key of [k(5), k(5).buffer, new Uint16Array([1, 2]), new DataView(k(200).buffer), c.createSecretKey(k(5))]) await tell(() => c.createHmac('sha1', key).update('a').digest('hex'))
  for (const name of ['SHA-256', 'Sha256', 'RSA-SHA1', 'sha512-256']) await tell(() => [c.createHash(name).digest('hex'), c.createHmac(name, 'key').digest('hex')])
  for (const f of [() => c.createHash('sha1').update(3), () => c.createHash('sha1').update({}), () => c.createHash('sha1').update(), () => c.createHmac('sha1', 3), () => c.createHmac(3, 'key'), () => c.createHmac('constructor', 'key'), () => Buffer.isEncoding('constructor'),
    () => c.createHash('sha1').update(Object.create(Uint8Array.prototype))]) await tell(f)`))

test('a name that objects have is no digest', async () => {
  for (const [, , message] of await inBot("for (const name of ['constructor', '__proto__', 'toString']) await tell(() => c.createHash(name))")) assert.match(message, /^Digest method not supported: .*sha256/)
})

test('bytes are compared whatever holds them', () => same(`
  const equal = (a, b) => tell(() => c.timingSafeEqual(a, b))
  for (const [a, b] of [[k(40), k(40)], [k(40), Buffer.concat([k(39), k(1, 2)])], [k(40), Buffer.concat([k(1, 2), k(39)])], [k(0), k(0)], [new Uint16Array([1, 2]), new Uint8Array([1, 0, 2, 0])], [new DataView(k(3).buffer), k(3)],
    [new Uint8Array([1, 1]).buffer, k(2)], [new Int8Array([1]), new Uint8ClampedArray([1])], [new Uint8Array([5, 1, 1]).subarray(1), k(2)], [new Uint16Array(2), k(2)], [k(2), 'ab'], [undefined, k(2)], [Object.create(Uint8Array.prototype), k(2)]]) await equal(a, b)
  const { types } = require('util')
  for (const value of [k(2), k(2).buffer, new DataView(k(2).buffer), new SharedArrayBuffer(2), {}, 'a', null, Object.create(ArrayBuffer.prototype)]) await tell(() => [types.isAnyArrayBuffer(value), types.isArrayBuffer(value), types.isSharedArrayBuffer(value)])
  for (const list of [[], [k(2)], [k(2), k(1, 3)], [k(2), 3], [new Int8Array(2)]]) for (const length of [undefined, 0, 1, 3, 5]) await tell(() => { const whole = Buffer.concat(list, length); return [Buffer.isBuffer(whole), hex(whole)] })`))

test('HMACs of much are as of little', () => same(`
  for (const size of [10, 64, 65, 200, 1_100_000]) await tell(() => c.createHmac('sha256', k(size)).update(k(900_000)).update(k(400_000)).digest('hex'))
  await tell(() => c.createHmac('sha512', 'key').update(k(3_000_000)).digest('base64'))
  await tell(() => c.createHmac('sha3-256', 'key').update(k(3_000_000)).digest('base64'))`))

test('what is made at the top level goes on in an event, and leaves nothing open', async () => {
  const engine = makeEngine()
  const top = `const c0 = require('crypto')
    const sealing = c0.createCipheriv('aes-128-gcm', Buffer.alloc(16, 1), Buffer.alloc(12, 1)).setAAD(Buffer.from('with it'))
    const begun = c0.createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16, 1)); begun.update('text')
    const key = c0.createSecretKey(Buffer.alloc(16, 1)), hash = c0.createHash('sha256').update('a')`
  const told = await inBot(`await tell(() => sealing.update('text', 'utf8', 'hex') + sealing.final('hex') + sealing.getAuthTag().toString('hex'))
    await tell(() => begun.update('more'))
    await tell(() => { const x = c.createCipheriv('aes-128-ecb', key, null); return x.update('text', 'utf8', 'hex') + x.final('hex') })
    await tell(() => hash.copy().update('b').digest('hex'))
    c.createCipheriv('aes-128-ctr', k(16), k(16)).update('never ended')`, top, engine)
  const { createHash } = await import('node:crypto')
  const alone = createCipheriv('aes-128-gcm', Buffer.alloc(16, 1), Buffer.alloc(12, 1)).setAAD(Buffer.from('with it'))
  assert.equal(told[0], alone.update('text', 'utf8', 'hex') + alone.final('hex') + alone.getAuthTag().toString('hex'))
  assert.match(told[1][2], /ends with the event that began to give it data/)
  assert.equal(told[3], createHash('sha256').update('ab').digest('hex'))
  assert.equal(engine.openCiphers(), 0)
})

test('derivations at the top level do not wait for an event', async () => {
  const engine = makeEngine()
  const boot = await engine.boot(`const c = require('crypto')
    const derived = require('util').promisify(c.scrypt)('p', 's', 8, { N: 16 })
    derived.then((key) => require('http').createServer((req, res) => res.end(key.toString('hex'))).listen(1))`)
  assert.equal(boot.ok, true, boot.error?.stack)
  assert.equal(boot.parked, 0)
  const { scryptSync } = await import('node:crypto')
  assert.equal((await engine.event()).body, scryptSync('p', 's', 8, { N: 16 }).toString('hex'))
})

test('subtle encrypts and derives as on Node', () => same(`
  const aes = (name, size = 16) => subtle.importKey('raw', k(size, 3), name, true, ['encrypt', 'decrypt'])
  for (const size of [16, 24, 32]) await tell(async () => subtle.encrypt({ name: 'AES-GCM', iv: k(12) }, await aes('AES-GCM', size), Buffer.from('a text')))
  await tell(async () => subtle.encrypt({ name: 'AES-GCM', iv: k(16), additionalData: k(3), tagLength: 96 }, await aes('AES-GCM'), Buffer.from('a text')))
  await tell(async () => subtle.encrypt({ name: 'AES-CBC', iv: k(16) }, await aes('AES-CBC'), Buffer.from('a text')))
  for (const length of [64, 128]) await tell(async () => subtle.encrypt({ name: 'AES-CTR', counter: k(16), length }, await aes('AES-CTR'), k(100)))
  for (const length of [8, 4, 3]) await tell(async () => subtle.encrypt({ name: 'AES-CTR', counter: Buffer.from('000102030405060708090a0b0c0d0eff', 'hex'), length }, await aes('AES-CTR'), k(100)))
  await tell(async () => { const key = await aes('AES-GCM'); return subtle.decrypt({ name: 'AES-GCM', iv: k(12) }, key, await subtle.encrypt({ name: 'AES-GCM', iv: k(12) }, key, k(40, 8))) })
  await tell(async () => { try { await subtle.decrypt({ name: 'AES-GCM', iv: k(12) }, await aes('AES-GCM'), k(40)) } catch (e) { return [e.name, e instanceof DOMException] } })
  await tell(async () => { try { await subtle.decrypt({ name: 'AES-CBC', iv: k(16) }, await aes('AES-CBC'), k(15)) } catch (e) { return e.name } })
  const password = await subtle.importKey('raw', Buffer.from('password'), 'PBKDF2', false, ['deriveBits', 'deriveKey'])
  await tell(() => subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: k(8), iterations: 10 }, password, 256))
  await tell(async () => subtle.exportKey('jwk', await subtle.deriveKey({ name: 'PBKDF2', hash: 'SHA-512', salt: k(8), iterations: 10 }, password, { name: 'AES-GCM', length: 256 }, true, ['encrypt'])))
  const secret = await subtle.importKey('raw', k(20), 'HKDF', false, ['deriveBits', 'deriveKey'])
  await tell(() => subtle.deriveBits({ name: 'HKDF', hash: 'SHA-1', salt: k(8), info: k(3) }, secret, 160))
  await tell(async () => subtle.exportKey('raw', await subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt: k(8), info: k(3) }, secret, { name: 'HMAC', hash: 'SHA-256', length: 256 }, true, ['sign'])))
  await tell(async () => { const key = await subtle.importKey('raw', k(16), { name: 'AES-CBC' }, true, ['wrapKey']); return subtle.wrapKey('raw', await aes('AES-GCM'), key, { name: 'AES-CBC', iv: k(16) }) })
  await tell(async () => { const key = await subtle.generateKey({ name: 'AES-GCM', length: 192 }, true, ['encrypt']); return [key.algorithm.name, key.algorithm.length, (await subtle.exportKey('raw', key)).byteLength, key.type, key.usages] })
  await tell(async () => c.KeyObject.from(await aes('AES-GCM')).export())`))

test('bcrypt and bcryptjs read and write each other', async () => {
  const KNOWN = [['', '$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.'], ['a', '$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe'],
    ['abcdefghijklmnopqrstuvwxyz', '$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.']]
  const told = await inBot(`const { promisify } = require('util')
    for (const name of ['bcrypt', 'bcryptjs']) {
      const b = require(name)
      for (const [password, hash] of ${JSON.stringify(KNOWN)}) {
        await tell(async () => [b.hashSync(password, hash.slice(0, 29)), await b.hash(password, hash.slice(0, 29)), await promisify(b.hash)(password, hash.slice(0, 29))])
        await tell(async () => [b.compareSync(password, hash), await b.compare(password, hash), await promisify(b.compare)('other', hash), b.getRounds(hash)])
      }
      await tell(async () => { const hash = await b.hash('p', 4); return [/^\\$2b\\$04\\$.{53}$/.test(hash), require('bcrypt').compareSync('p', hash), require('bcryptjs').compareSync('p', hash), b.genSaltSync(2).slice(0, 7), (await b.genSalt()).slice(0, 7)] })
    }`)
  const each = KNOWN.flatMap(([, hash]) => [[hash, hash, hash], [true, true, false, Number(hash.slice(4, 6))]])
  const own = [true, true, true, '$2b$04$', '$2b$10$']
  assert.deepEqual(told, [...each, own, ...each, own])
})

test('bcrypt and bcryptjs say what is wrong as the packages do', async () => {
  const told = await inBot(`const b = require('bcrypt'), j = require('bcryptjs')
    for (const f of [() => b.hash(), () => b.hash('p', 'nonsense'), () => b.hashSync('p', '$2b$10$short'), () => b.hash(3, 10), () => b.compare('p'), () => b.compareSync('p', 3), () => b.compare('p', 'no hash'), () => b.genSaltSync('x'),
      () => b.genSalt(10, 'x'), () => b.getRounds('x'), () => b.hash('p', 10, 'x'), () => new Promise((resolve) => b.hash('p', 'x', (error, hash) => resolve([error.message, hash ?? null]))),
      () => j.hash(3, 10), () => j.hashSync('p', 'nonsense'), () => j.hashSync('p', '$2x$10$abcdefghijklmnopqrstuu'), () => j.hashSync('p', '$2b$99$abcdefghijklmnopqrstuu'), () => j.hashSync('p', '$2b$10$short'), () => j.compareSync('x', 3), () => j.compare('x', 'short'),
      () => j.getSalt('x'), () => j.truncates('é'.repeat(37)), () => j.encodeBase64([1, 2, 3, 4], 4), () => j.decodeBase64('..CA', 16), () => Object.keys(b), () => Object.keys(j)]) await tell(f)`)
  assert.deepEqual(told.map((one) => (Array.isArray(one) && one[0] === 'Error' ? one[2] : one)), [
    'data and salt arguments required', 'Invalid salt. Salt must be in the form of: $Vers$log2(NumRounds)$saltvalue', 'Invalid salt. Salt must be in the form of: $Vers$log2(NumRounds)$saltvalue',
    'data must be a string or Buffer and salt must either be a salt string or a number of rounds', 'data and hash arguments required', 'data must be a string or Buffer and hash must be a string', false, 'rounds must be a number',
    'minor must be either "a" or "b"', 'invalid hash provided', 'cb must be a function or null to return a Promise', ['Invalid salt. Salt must be in the form of: $Vers$log2(NumRounds)$saltvalue', null],
    'Illegal arguments: number, number', 'Invalid salt version: no', 'Invalid salt revision: x$', 'Illegal number of rounds (4-31): 99', 'Illegal salt length: 3 != 16', 'Illegal arguments: string, number', false,
    'Illegal hash length: 1 != 60', true, '.OGB/.', [0, 1, 2], ['genSaltSync', 'genSalt', 'hashSync', 'hash', 'compareSync', 'compare', 'getRounds'],
    ['setRandomFallback', 'genSaltSync', 'genSalt', 'hashSync', 'hash', 'compareSync', 'compare', 'getRounds', 'getSalt', 'truncates', 'encodeBase64', 'decodeBase64'],
  ])
})

test('argon2 writes and reads its hashes', async () => {
  const HASH = '$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Gpj7qOY5RCXJvcMzqcdQqvgR3wcPX7SleI4c9NtXk6E'
  const told = await inBot(`const a = require('argon2')
    const options = { timeCost: 2, memoryCost: 64, parallelism: 1, salt: Buffer.from('somesaltsomesalt') }
    await tell(() => a.hash('password', options))
    await tell(() => a.hash('password', { ...options, raw: true }))
    await tell(() => a.verify('${HASH}', 'password'))
    await tell(() => a.verify('${HASH}', 'other'))
    await tell(() => a.needsRehash('${HASH}', options))
    await tell(() => a.needsRehash('${HASH}'))
    await tell(() => a.verify('$bcrypt$x', 'p'))
    await tell(async () => { const hash = await a.hash('p', { associatedData: Buffer.from('x'), type: a.argon2d, memoryCost: 32 }); return [/^\\$argon2d\\$v=19\\$m=32,p=4,t=3,data=eA\\$.{22}\\$.{43}$/.test(hash), await a.verify(hash, 'p')] })
    await tell(() => a.hash('p', { memoryCost: 8 }))
    await tell(() => a.hash('p', { timeCost: 2 ** 32 }))`)
  // Version 0.45 of the package writes the parameters by their names, and reads them in any order.
  assert.deepEqual(told.slice(0, 8), [HASH.replace('t=2,p=1', 'p=1,t=2'), '1a98fba8e6394425c9bdc333a9c750aaf811df070f5fb4a5788e1cf4db5793a1', true, false, false, true, false, [true, true]])
  assert.deepEqual(told[8].slice(0, 3), ['Error', null, 'Memory cost is too small'])
  assert.deepEqual([told[9][0], told[9][2]], ['RangeError', 'Time cost is too large'])
})
