/** `X509Certificate`: read here, but for the key and the signatures, which are the host's. */
import { invalidArgType, nativeError, requireString } from '../../errors.js'
import { invalidArgValue, requireBoolean, requireObject } from '../../validators.js'
import { Buffer } from '../buffer.js'
import { inspect } from '../inspect.js'
import { Node, TAGS, oidOf, parse, timeOf } from './asn1.js'
import { hashOf } from './hashes.js'
import { now, openssl, publicData, publicOf } from './host_keys.js'
import { PublicKeyObject, asBuffer, isKeyObject, kData, sameBytes } from './keys.js'
import { addressIn, emailIn, hostIn } from './x509_match.js'
import { GENERAL, canonical, generalKind, generalText, nameObject, nameText } from './x509_names.js'

const kParsed = Symbol('kHandle')

const EXTENSIONS = {
  subjectKey: '2.5.29.14', keyUsage: '2.5.29.15', alternatives: '2.5.29.17', basicConstraints: '2.5.29.19', authorityKey: '2.5.29.35',
  extendedUsage: '2.5.29.37', infoAccess: '1.3.6.1.5.5.7.1.1',
}
const ACCESS = { '1.3.6.1.5.5.7.48.1': 'OCSP', '1.3.6.1.5.5.7.48.2': 'CA Issuers', '1.3.6.1.5.5.7.48.3': 'AD Time Stamping', '1.3.6.1.5.5.7.48.5': 'CA Repository' }
const NIST = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521', secp224r1: 'P-224' }
const CURVE_BITS = { prime256v1: 256, secp384r1: 384, secp521r1: 521, secp224r1: 224, secp256k1: 256 }

/** By its OID: the digest that a signature is made with, and how RSA pads. */
const SIGNATURES = {
  '1.2.840.113549.1.1.4': ['md5'], '1.2.840.113549.1.1.5': ['sha1'], '1.2.840.113549.1.1.14': ['sha224'], '1.2.840.113549.1.1.11': ['sha256'],
  '1.2.840.113549.1.1.12': ['sha384'], '1.2.840.113549.1.1.13': ['sha512'], '1.2.840.10045.4.1': ['sha1'], '1.2.840.10045.4.3.1': ['sha224'],
  '1.2.840.10045.4.3.2': ['sha256'], '1.2.840.10045.4.3.3': ['sha384'], '1.2.840.10045.4.3.4': ['sha512'], '1.3.101.112': [undefined],
}
const PSS = '1.2.840.113549.1.1.10'
const DIGESTS = { '1.3.14.3.2.26': 'sha1', '2.16.840.1.101.3.4.2.4': 'sha224', '2.16.840.1.101.3.4.2.1': 'sha256', '2.16.840.1.101.3.4.2.2': 'sha384', '2.16.840.1.101.3.4.2.3': 'sha512' }

const KEY_CERT_SIGN = 0x04

const noStartLine = () => openssl('0480006C', 'PEM routines', 'no start line', 'ERR_OSSL_PEM_NO_START_LINE')

/** The DER of a certificate that comes as PEM or DER. */
function derOf(bytes) {
  if (bytes[0] === TAGS.sequence) return Uint8Array.from(bytes)
  const found = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----\s*([A-Za-z0-9+/=\s]+?)-----END (?:TRUSTED |X509 )?CERTIFICATE-----/.exec(asBuffer(bytes).toString('latin1'))
  if (found === null) throw noStartLine()
  return Uint8Array.from(Buffer.from(found[1], 'base64'))
}

/** The parts of a certificate (RFC 5280). */
function parsed(der) {
  const certificate = parse(der)
  const body = certificate.child(0)
  const from = body.child(0).tag === 0xa0 ? 1 : 0
  const [serial, , issuer, validity, subject, key] = [0, 1, 2, 3, 4, 5].map((index) => body.child(from + index))
  const listed = body.children.find(({ tag }) => tag === 0xa3)?.child(0).children ?? []
  const extensions = new Map(listed.map((one) => [oidOf(one.child(0)), parse(one.children.at(-1).content)]))
  const extension = (name) => extensions.get(EXTENSIONS[name])
  return {
    der: certificate.whole, body: body.whole, serial: serial.content, issuer, subject, key: key.whole,
    from: timeOf(validity.child(0)), to: timeOf(validity.child(1)), extension,
    alternatives: extension('alternatives')?.children ?? [],
    algorithm: certificate.child(1), signature: certificate.child(2).content.subarray(1),
  }
}

const DAYS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (value) => String(value).padStart(2, '0')
function timeText(ms) {
  const at = new Date(ms)
  return `${DAYS[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} ${at.getUTCFullYear()} GMT`
}

const colons = (bytes) => asBuffer(bytes).toString('hex').toUpperCase().match(/../g).join(':')

function optionsOf(options = {}) {
  requireObject(options, 'options')
  const { subject = 'default', wildcards = true, partialWildcards = true, multiLabelWildcards = false, singleLabelSubdomains = false } = options
  requireString(subject, 'options.subject')
  const flags = { wildcards, partialWildcards, multiLabelWildcards, singleLabelSubdomains }
  for (const [name, value] of Object.entries(flags)) requireBoolean(value, `options.${name}`)
  if (!['default', 'always', 'never'].includes(subject)) throw invalidArgValue('options.subject', subject)
  return { subject, ...flags }
}

/** How a PSS signature was made, by its parameters. */
function pssOf(parameters) {
  const member = (number) => parameters?.children.find(({ tag }) => tag === (0xa0 | number))?.child(0)
  const digest = DIGESTS[member(0) ? oidOf(member(0).child(0)) : '1.3.14.3.2.26']
  const mgf1Digest = DIGESTS[member(1) ? oidOf(member(1).child(1).child(0)) : '1.3.14.3.2.26']
  const saltLength = member(2) ? Number(`0x${asBuffer(member(2).content).toString('hex')}`) : 20
  return digest && mgf1Digest && { digest, mgf1Digest, padding: 'pss', saltLength: { tag: 'bytes', val: saltLength } }
}

function signingOf(algorithm) {
  const oid = oidOf(algorithm.child(0))
  if (oid === PSS) return pssOf(algorithm.children[1])
  const found = SIGNATURES[oid]
  return found && { digest: found[0] }
}

export class X509Certificate {
  constructor(buffer) {
    const bytes = typeof buffer === 'string' ? Buffer.from(buffer) : buffer
    if (!ArrayBuffer.isView(bytes)) throw invalidArgType('buffer', 'of type string or an instance of Buffer, TypedArray, or DataView', buffer)
    const der = derOf(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    let parts
    try {
      parts = parsed(der)
    } catch {
      throw openssl('0680007B', 'asn1 encoding routines', 'header too long', 'ERR_OSSL_ASN1_HEADER_TOO_LONG')
    }
    Object.defineProperty(this, kParsed, { value: parts })
  }

  [Symbol.for('nodejs.util.inspect.custom')](depth, options) {
    if (depth < 0) return this
    const { subject, subjectAltName, issuer, infoAccess, validFrom, validTo, validFromDate, validToDate, fingerprint, fingerprint256, fingerprint512, keyUsage, serialNumber } = this
    return `X509Certificate ${inspect({ subject, subjectAltName, issuer, infoAccess, validFrom, validTo, validFromDate, validToDate, fingerprint, fingerprint256, fingerprint512, keyUsage, serialNumber },
      { ...options, depth: options.depth == null ? null : options.depth - 1 })}`
  }

  get subject() { return nameText(this[kParsed].subject) || undefined }
  get issuer() { return nameText(this[kParsed].issuer) || undefined }
  get subjectAltName() { return this[kParsed].extension('alternatives')?.children.map(generalText).join(', ') }

  get infoAccess() {
    return this[kParsed].extension('infoAccess')?.children.map((one) => `${ACCESS[oidOf(one.child(0))] ?? oidOf(one.child(0))} - ${generalText(one.child(1))}`).join('\n')
  }

  /** That of another certificate is known in TLS alone. */
  get issuerCertificate() { return undefined }
  get validFrom() { return timeText(this[kParsed].from) }
  get validTo() { return timeText(this[kParsed].to) }
  get validFromDate() { return new Date(this[kParsed].from) }
  get validToDate() { return new Date(this[kParsed].to) }
  get fingerprint() { return colons(hashOf('sha1')(this[kParsed].der)) }
  get fingerprint256() { return colons(hashOf('sha256')(this[kParsed].der)) }
  get fingerprint512() { return colons(hashOf('sha512')(this[kParsed].der)) }
  get keyUsage() { return this[kParsed].extension('extendedUsage')?.children.map(oidOf) }

  get serialNumber() {
    const hex = asBuffer(this[kParsed].serial).toString('hex').toUpperCase()
    return hex.length > 2 ? hex.replace(/^(00)+(?=..)/, '') : hex
  }

  get raw() { return Buffer.from(this[kParsed].der) }

  get publicKey() {
    return new PublicKeyObject(publicData(now('read-public', { tag: 'spki', val: this[kParsed].key }, undefined)))
  }

  get ca() {
    const { extension } = this[kParsed]
    const constraint = extension('basicConstraints')?.children[0]
    return constraint?.tag === TAGS.boolean && constraint.content[0] !== 0 && maySign(extension)
  }

  toString() {
    return `-----BEGIN CERTIFICATE-----\n${asBuffer(this[kParsed].der).toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
  }

  toJSON() { return this.toString() }

  checkHost(name, options) {
    requireString(name, 'name')
    const flags = optionsOf(options)
    if (name.includes('\0')) throw invalidArgValue('name', name)
    return hostIn(this[kParsed], name, flags)
  }

  checkEmail(email, options) {
    requireString(email, 'email')
    const flags = optionsOf(options)
    if (email.includes('\0')) throw invalidArgValue('email', email)
    return emailIn(this[kParsed], email, flags) ? email : undefined
  }

  checkIP(ip, options) {
    requireString(ip, 'ip')
    optionsOf(options)
    const found = addressIn(this[kParsed], ip)
    if (found === undefined) throw nativeError(TypeError, 'ERR_INVALID_ARG_VALUE', 'Invalid IP')
    return found ? ip : undefined
  }

  checkIssued(other) {
    if (other?.[kParsed] === undefined) throw invalidArgType('otherCert', 'an instance of X509Certificate', other)
    const [mine, its] = [this[kParsed], other[kParsed]]
    if (canonical(mine.issuer) !== canonical(its.subject)) return false
    const [authority, subjectKey] = [mine.extension('authorityKey'), its.extension('subjectKey')]
    const named = (number) => authority?.children.find(({ tag }) => (tag & 0x1f) === number)
    if (named(0) && subjectKey && !sameBytes(named(0).content, subjectKey.content)) return false
    if (named(2) && !sameBytes(named(2).content, its.serial)) return false
    const directory = named(1)?.children.find((name) => generalKind(name) === GENERAL.directory)
    if (directory && canonical(directory.child(0)) !== canonical(its.issuer)) return false
    return maySign(its.extension)
  }

  checkPrivateKey(key) {
    if (!isKeyObject(key)) throw invalidArgType('pkey', 'an instance of KeyObject', key)
    if (key.type !== 'private') throw invalidArgValue('pkey', key)
    return sameBytes(publicOf(key[kData]).bytes, this.publicKey[kData].bytes)
  }

  verify(key) {
    if (!isKeyObject(key)) throw invalidArgType('pkey', 'an instance of KeyObject', key)
    if (key.type !== 'public') throw invalidArgValue('pkey', key)
    const { algorithm, body, signature } = this[kParsed]
    const signing = signingOf(algorithm)
    if (signing === undefined) return false
    try {
      const message = signing.digest === undefined ? { tag: 'data', val: body } : { tag: 'digest', val: hashOf(signing.digest)(body) }
      return now('verify', key[kData].bytes, message, signature, { encoding: 'der', ...signing })
    } catch {
      return false
    }
  }

  toLegacyObject() {
    const { subject, issuer, der } = this[kParsed]
    const { subjectAltName, infoAccess, ca, keyUsage } = this
    return {
      subject: nameObject(subject), issuer: nameObject(issuer),
      ...(subjectAltName !== undefined && { subjectaltname: subjectAltName }), ...(infoAccess !== undefined && { infoAccess: accessObject(infoAccess) }), ca,
      ...legacyKey(this.publicKey[kData]), valid_from: this.validFrom, valid_to: this.validTo,
      fingerprint: this.fingerprint, fingerprint256: this.fingerprint256, fingerprint512: this.fingerprint512,
      ...(keyUsage && { ext_key_usage: keyUsage }), serialNumber: this.serialNumber, raw: Buffer.from(der),
    }
  }
}

/** Whether a key may sign certificates: it may if nothing says what it is for. */
function maySign(extension) {
  const usage = extension('keyUsage')
  return !(usage instanceof Node) || (usage.content[1] & KEY_CERT_SIGN) !== 0
}

function accessObject(text) {
  const object = { __proto__: null }
  for (const line of text.split('\n')) {
    const [, key, value] = /^([^:]+?)(?: - )(.*)$/.exec(line) ?? []
    const [kind, rest] = [value?.slice(0, value.indexOf(':')), value?.slice(value.indexOf(':') + 1)]
    if (key !== undefined) (object[`${key} - ${kind}`] ??= []).push(rest[0] === '"' ? JSON.parse(rest) : rest)
  }
  return object
}

/** What the object of TLS has of a key. */
function legacyKey(data) {
  const { tag, val } = now('public-components', data.bytes)
  if (tag === 'rsa') {
    const number = (bytes) => asBuffer(bytes).toString('hex').toUpperCase().replace(/^0+/, '')
    return { modulus: number(val.n), bits: data.details.modulusLength, exponent: `0x${number(val.e).toLowerCase()}`, pubkey: asBuffer(data.bytes) }
  }
  if (tag !== 'ec') return { pubkey: asBuffer(data.bytes) }
  const { curve } = val
  return { bits: CURVE_BITS[curve], pubkey: Buffer.from([4, ...val.x, ...val.y]), asn1Curve: curve, ...(NIST[curve] && { nistCurve: NIST[curve] }) }
}
