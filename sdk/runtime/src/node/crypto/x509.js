/** `X509Certificate`: a certificate as the host has read it. */
import { invalidArgType, nativeError, requireString } from '../../errors.js'
import { invalidArgValue, requireBoolean, requireObject } from '../../validators.js'
import { Buffer } from '../buffer.js'
import { inspect } from '../inspect.js'
import { CURVES } from './curve_names.js'
import { hashOf } from './hashes.js'
import { now, ofCertificates, openssl, publicData, publicOf } from './host_keys.js'
import { PublicKeyObject, asBuffer, isKeyObject, kContents, kData, sameBytes } from './keys.js'

const colons = (bytes) => asBuffer(bytes).toString('hex').toUpperCase().match(/../g).join(':')

/** How names are compared, by options. */
function matchingOf(options = {}) {
  requireObject(options, 'options')
  const { subject = 'default', wildcards = true, partialWildcards = true, multiLabelWildcards = false, singleLabelSubdomains = false } = options
  requireString(subject, 'options.subject')
  const flags = { wildcards, partialWildcards, multiLabelWildcards, singleLabelSubdomains }
  for (const [name, value] of Object.entries(flags)) requireBoolean(value, `options.${name}`)
  const subjects = { default: undefined, always: true, never: false }
  if (!Object.hasOwn(subjects, subject)) throw invalidArgValue('options.subject', subject)
  return { subject: subjects[subject], ...flags }
}

const SHOWN = ['subject', 'subjectAltName', 'issuer', 'infoAccess', 'validFrom', 'validTo', 'validFromDate', 'validToDate', 'fingerprint', 'fingerprint256', 'fingerprint512',
  'keyUsage', 'serialNumber']

export class X509Certificate {
  constructor(buffer) {
    const bytes = typeof buffer === 'string' ? Buffer.from(buffer) : buffer
    if (!ArrayBuffer.isView(bytes)) throw invalidArgType('buffer', 'of type string or an instance of Buffer, TypedArray, or DataView', buffer)
    if (bytes.byteLength === 0) throw openssl('0480006C', 'PEM routines', 'no start line', 'ERR_OSSL_PEM_NO_START_LINE')
    Object.defineProperty(this, kContents, { value: ofCertificates('read', new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)) })
  }

  [Symbol.for('nodejs.util.inspect.custom')](depth, options) {
    if (depth < 0) return this
    const shown = Object.fromEntries(SHOWN.map((name) => [name, this[name]]))
    return `X509Certificate ${inspect(shown, { ...options, depth: options.depth == null ? null : options.depth - 1 })}`
  }

  get subject() { return this[kContents].subjectText || undefined }
  get issuer() { return this[kContents].issuerText || undefined }
  get subjectAltName() { return this[kContents].subjectAltName }
  get infoAccess() { return this[kContents].infoAccess }
  /** That of another certificate is known in TLS alone. */
  get issuerCertificate() { return undefined }
  get validFrom() { return this[kContents].validFrom }
  get validTo() { return this[kContents].validTo }
  get validFromDate() { return new Date(Number(this[kContents].validFromSeconds) * 1000) }
  get validToDate() { return new Date(Number(this[kContents].validToSeconds) * 1000) }
  get fingerprint() { return colons(hashOf('sha1')(this[kContents].der)) }
  get fingerprint256() { return colons(hashOf('sha256')(this[kContents].der)) }
  get fingerprint512() { return colons(hashOf('sha512')(this[kContents].der)) }
  get keyUsage() { return this[kContents].extendedKeyUsage }
  get serialNumber() { return this[kContents].serialNumber }
  get raw() { return Buffer.from(this[kContents].der) }
  get ca() { return this[kContents].ca }

  get publicKey() {
    const { publicKey } = this[kContents]
    if (publicKey === undefined) throw nativeError(Error, 'ERR_CRYPTO_UNSUPPORTED_OPERATION', 'The host does not know the kind of the certificate\'s key.')
    return new PublicKeyObject(publicData(publicKey))
  }

  toString() {
    return `-----BEGIN CERTIFICATE-----\n${asBuffer(this[kContents].der).toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
  }

  toJSON() { return this.toString() }

  checkHost(name, options) {
    requireString(name, 'name')
    const matching = matchingOf(options)
    if (name.includes('\0')) throw nativeError(TypeError, 'ERR_INVALID_ARG_VALUE', 'Invalid name')
    return ofCertificates('match-host', this[kContents].der, name, matching)
  }

  checkEmail(email, options) {
    requireString(email, 'email')
    const matching = matchingOf(options)
    if (email.includes('\0')) throw nativeError(TypeError, 'ERR_INVALID_ARG_VALUE', 'Invalid name')
    return ofCertificates('match-email', this[kContents].der, email, matching) ? email : undefined
  }

  checkIP(ip, options) {
    requireString(ip, 'ip')
    matchingOf(options)
    try {
      return ofCertificates('match-ip', this[kContents].der, ip) ? ip : undefined
    } catch {
      throw nativeError(TypeError, 'ERR_INVALID_ARG_VALUE', 'Invalid IP')
    }
  }

  checkIssued(other) {
    if (other?.[kContents] === undefined) throw invalidArgType('otherCert', 'an instance of X509Certificate', other)
    return ofCertificates('is-issued-by', this[kContents].der, other[kContents].der)
  }

  checkPrivateKey(key) {
    if (!isKeyObject(key)) throw invalidArgType('pkey', 'an instance of KeyObject', key)
    if (key.type !== 'private') throw invalidArgValue('pkey', key)
    return sameBytes(publicOf(key[kData]).bytes, this.publicKey[kData].bytes)
  }

  verify(key) {
    if (!isKeyObject(key)) throw invalidArgType('pkey', 'an instance of KeyObject', key)
    if (key.type !== 'public') throw invalidArgValue('pkey', key)
    return ofCertificates('verify', this[kContents].der, key[kData].bytes)
  }

  /** As what TLS gives of a peer. */
  toLegacyObject() {
    const { subject, issuer, der } = this[kContents]
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

/** A name by its parts, those that occur more than once in lists. */
function nameObject(attributes) {
  const object = { __proto__: null }
  for (const { name, value } of attributes) {
    if (object[name] === undefined) object[name] = value
    else if (Array.isArray(object[name])) object[name].push(value)
    else object[name] = [object[name], value]
  }
  return object
}

function accessObject(text) {
  const object = { __proto__: null }
  for (const line of text.split('\n')) {
    const [, key, value] = /^([^:]*):(.*)$/.exec(line) ?? []
    if (key !== undefined) (object[key] ??= []).push(value[0] === '"' ? JSON.parse(value) : value)
  }
  return object
}

/** What the object of TLS has of a key. */
function legacyKey(data) {
  const { kind, modulusLength, namedCurve } = data.details
  if (kind !== 'rsa' && kind !== 'ec') return { pubkey: asBuffer(data.bytes) }
  const { val } = now('public-components', data.bytes)
  if (kind === 'rsa') {
    const number = (bytes) => asBuffer(bytes).toString('hex').toUpperCase().replace(/^0+/, '')
    return { modulus: number(val.n), bits: modulusLength, exponent: `0x${number(val.e).toLowerCase()}`, pubkey: asBuffer(data.bytes) }
  }
  const nistCurve = Object.keys(CURVES).find((name) => CURVES[name] === namedCurve) ?? (namedCurve === 'secp224r1' ? 'P-224' : undefined)
  return { bits: Number(/\d{3}/.exec(namedCurve)[0]), pubkey: Buffer.from([4, ...val.x, ...val.y]), asn1Curve: namedCurve, ...(nistCurve && { nistCurve }) }
}
