/** `roost:bot/public-keys` by Node's own: what the host does, for tests without a host. */
import crypto from 'node:crypto'

const DIGESTS = ['md5', 'ripemd160', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-224', 'sha512-256', 'sha3-224', 'sha3-256', 'sha3-384', 'sha3-512']
const CURVES = ['prime256v1', 'secp224r1', 'secp256k1', 'secp384r1', 'secp521r1']
const KINDS = ['rsa', 'rsa-pss', 'ec', 'ed25519', 'x25519', 'ed448', 'x448', 'dsa', 'dh']
const WEB_CURVES = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521', secp256k1: 'secp256k1', secp224r1: 'P-224' }
const PADDINGS = { pkcs1: 1, pss: 6, none: 3 }

const fault = (tag, val) => { throw { payload: { tag, val } } }
const base64 = (bytes) => Buffer.from(bytes).toString('base64url')
const hexOf = (number) => { const hex = number.toString(16); return hex.length % 2 ? `0${hex}` : hex }
const numberOf = (bytes) => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`)

/** What Node threw, as the host tells it. */
function told(error) {
  if (error.payload) throw error
  if (error.code === 'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED' || error.code === 'ERR_MISSING_PASSPHRASE') fault('missing-passphrase')
  if (error.code === 'ERR_CRYPTO_UNKNOWN_CIPHER') fault('unknown-cipher', [])
  if (error.code === 'ERR_CRYPTO_INVALID_CURVE') fault('unknown-curve', CURVES)
  if (/^error:/.test(error.message) || error.code?.startsWith('ERR_OSSL')) fault('openssl', { library: error.library, reason: error.reason, code: error.code, message: error.message })
  fault('other', error.message)
}

const privateKey = (der) => crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
const publicKey = (der) => crypto.createPublicKey({ key: der, format: 'der', type: 'spki' })

/** @param {(bytes: Uint8Array) => Uint8Array} bytes makes an array of the bot's realm */
export function publicKeys(bytes) {
  function key(object) {
    const kind = object.asymmetricKeyType
    if (!KINDS.includes(kind)) fault('unsupported', `The host does not know keys of the kind ${kind}.`)
    const { modulusLength, publicExponent, namedCurve, divisorLength, hashAlgorithm, mgf1HashAlgorithm, saltLength } = object.asymmetricKeyDetails
    const der = bytes(object.export({ format: 'der', type: object.type === 'public' ? 'spki' : 'pkcs8' }))
    const exponent = publicExponent === undefined ? undefined : bytes(Buffer.from(hexOf(publicExponent), 'hex'))
    const pss = hashAlgorithm === undefined ? undefined : { digest: hashAlgorithm, mgf1Digest: mgf1HashAlgorithm, saltLength }
    return { der, details: { kind, modulusLength, publicExponent: exponent, namedCurve, divisorLength, pss } }
  }

  function components(object) {
    const kind = object.asymmetricKeyType
    if (kind === 'rsa-pss') fault('unsupported', 'RSA-PSS keys have no JWK')
    if (kind === 'dsa' || kind === 'dh') fault('unsupported', `keys of the kind ${kind} have no JWK`)
    const jwk = Object.fromEntries(Object.entries(object.export({ format: 'jwk' })).map(([name, value]) => [name, name.length < 3 ? bytes(Buffer.from(value, 'base64url')) : value]))
    const { n, e, d, p, q, dp, dq, qi, x, y } = jwk
    if (kind === 'rsa') return { tag: 'rsa', val: { n, e, private: d && { d, p, q, dp, dq, qi } } }
    if (kind === 'ec') return { tag: 'ec', val: { curve: object.asymmetricKeyDetails.namedCurve, x, y, d } }
    return { tag: 'raw', val: { kind, x, d } }
  }

  function fromComponents({ tag, val }) {
    const isPrivate = tag === 'rsa' ? val.private !== undefined : val.d !== undefined
    const text = (parts) => Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined).map(([name, value]) => [name, base64(value)]))
    let jwk
    if (tag === 'rsa') jwk = { kty: 'RSA', ...text({ n: val.n, e: val.e, ...val.private }) }
    else if (tag === 'ec') jwk = { kty: 'EC', crv: WEB_CURVES[val.curve], ...text({ x: val.x, y: val.y, d: val.d }) }
    else jwk = { kty: 'OKP', crv: { ed25519: 'Ed25519', x25519: 'X25519', ed448: 'Ed448', x448: 'X448' }[val.kind], ...text({ x: val.x.length ? val.x : new Uint8Array(val.d.length), d: val.d }) }
    return key((isPrivate ? crypto.createPrivateKey : crypto.createPublicKey)({ key: jwk, format: 'jwk' }))
  }

  const source = ({ tag, val }, passphrase) => ({ key: val, ...(tag === 'pem' ? { format: 'pem' } : { format: 'der', type: tag }), ...(passphrase && { passphrase }) })

  function generate({ tag, val }) {
    const options = {
      rsa: () => val, 'rsa-pss': () => ({ ...val.rsa, hashAlgorithm: val.digest, mgf1HashAlgorithm: val.mgf1Digest, saltLength: val.saltLength }),
      ec: () => ({ namedCurve: val }), dsa: () => val,
    }[tag]?.()
    if (tag === 'ec' && !CURVES.includes(val)) fault('unknown-curve', CURVES)
    const { publicKey: open, privateKey: secret } = crypto.generateKeyPairSync(tag, options)
    return { publicKey: key(open), privateKey: key(secret) }
  }

  /** Where the host takes a digest, Node takes what was digested only: it signs and looks at what it is told of by `digested`. */
  const digested = new Map()

  function options(object, signing) {
    const saltLength = { digest: -1, auto: -2, max: -2, bytes: signing.saltLength?.val }[signing.saltLength?.tag]
    return { key: object, padding: PADDINGS[signing.padding], saltLength, dsaEncoding: signing.encoding }
  }

  function messageOf({ tag, val }) {
    return tag === 'data' ? val : digested.get(Buffer.from(val).toString('hex')) ?? fault('other', 'the fake knows no data of this digest')
  }

  const sign = (der, message, signing) => bytes(crypto.sign(signing.digest ?? null, messageOf(message), options(privateKey(der), signing)))

  function encrypting(object, padding) {
    if (padding.tag !== 'oaep') return { key: object, padding: PADDINGS[padding.tag] }
    return { key: object, padding: 4, oaepHash: padding.val.digest, oaepLabel: padding.val.label }
  }
  const decrypt = (der, data, padding) => bytes(crypto.privateDecrypt(encrypting(privateKey(der), padding), data))

  const point = (curve, secret) => {
    if (!CURVES.includes(curve)) fault('unknown-curve', CURVES)
    const ecdh = crypto.createECDH(curve)
    ecdh.setPrivateKey(secret)
    return ecdh
  }
  const power = (base, exponent, modulus) => {
    let result = 1n
    for (let b = base % modulus, e = exponent; e > 0n; e >>= 1n, b = (b * b) % modulus) if (e & 1n) result = (result * b) % modulus
    return result
  }
  const padded = (number, length) => bytes(Buffer.from(number.toString(16).padStart(length * 2, '0'), 'hex'))
  const prime = ({ bits, safe, add, rem }) => bytes(new Uint8Array(crypto.generatePrimeSync(bits, { safe, add, rem })))

  const functions = {
    'read-public': (from, passphrase) => key(crypto.createPublicKey(source(from, passphrase))),
    'read-private': (from, passphrase) => key(crypto.createPrivateKey(source(from, passphrase))),
    'public-of': (der) => key(crypto.createPublicKey(privateKey(der))),
    'from-components': fromComponents,
    'public-components': (der) => components(publicKey(der)),
    'private-components': (der) => components(privateKey(der)),
    'export-public': (der, type, format) => bytes(Buffer.from(publicKey(der).export({ type, format }))),
    'export-private': (der, type, format, encryption) => bytes(Buffer.from(privateKey(der).export({ type, format, ...encryption }))),
    'export-ciphers': () => ['aes-256-cbc'],
    sign, 'sign-now': sign, generate, 'generate-now': generate, decrypt, 'decrypt-now': decrypt,
    verify: (der, message, signature, signing) => crypto.verify(signing.digest ?? null, messageOf(message), options(publicKey(der), signing), signature),
    encrypt: (der, data, padding) => bytes(crypto.publicEncrypt(encrypting(publicKey(der), padding), data)),
    'sign-raw': (der, data, padding) => bytes(crypto.privateEncrypt({ key: privateKey(der), padding: PADDINGS[padding] }, data)),
    recover: (der, data, padding) => bytes(crypto.publicDecrypt({ key: publicKey(der), padding: PADDINGS[padding] }, data)),
    agree: (secret, open) => bytes(crypto.diffieHellman({ privateKey: privateKey(secret), publicKey: publicKey(open) })),
    curves: () => [...CURVES],
    'convert-point': (curve, given, form) => (CURVES.includes(curve) ? bytes(crypto.ECDH.convertKey(given, curve, undefined, undefined, form)) : fault('unknown-curve', CURVES)),
    'point-of': (curve, secret) => bytes(point(curve, secret).getPublicKey()),
    'agree-on-curve': (curve, secret, other) => bytes(point(curve, secret).computeSecret(other)),
    'named-group': (name) => {
      try {
        const group = crypto.getDiffieHellman(name)
        return { prime: bytes(group.getPrime()), generator: bytes(group.getGenerator()) }
      } catch {
        return undefined
      }
    },
    'check-group': (group) => crypto.createDiffieHellman(group.prime, group.generator).verifyError,
    'private-number': (group) => bytes(crypto.randomBytes(Math.min(32, group.prime.length)).map((byte, i) => (i === 0 ? byte & 0x3f : byte) | 1)),
    'public-number': ({ prime: p, generator }, secret) => padded(power(numberOf(generator), numberOf(secret), numberOf(p)), p.length),
    'agree-in-group': ({ prime: p }, secret, other) => padded(power(numberOf(other), numberOf(secret), numberOf(p)), p.length),
    'generate-prime': prime, 'generate-prime-now': prime,
    'check-prime': (candidate, checks) => crypto.checkPrimeSync(candidate, { checks }),
  }
  functions['check-group-now'] = functions['check-group']
  functions['check-prime-now'] = functions['check-prime']

  const named = Object.entries(functions).map(([name, run]) => [`public-keys.${name}`, (...args) => {
    try {
      return run(...args)
    } catch (error) {
      return told(error)
    }
  }])
  return {
    functions: Object.fromEntries(named),
    described: key,
    told,
    /** Remembers what was digested, for who gives the digest. */
    remember: (digest, data) => { digested.set(Buffer.from(digest).toString('hex'), Buffer.from(data)) },
  }
}
