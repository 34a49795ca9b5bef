/** `Certificate`: SPKAC, what browsers once made of a `keygen` element. */
import { Buffer } from '../buffer.js'
import { oidOf, parse } from './asn1.js'
import { hashOf } from './hashes.js'
import { now } from './host_keys.js'
import { asBuffer, toBytes } from './keys.js'

/** By its OID: the digest of a signature. */
const DIGESTS = {
  '1.2.840.113549.1.1.4': 'md5', '1.2.840.113549.1.1.5': 'sha1', '1.2.840.113549.1.1.11': 'sha256', '1.2.840.113549.1.1.12': 'sha384', '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1', '1.2.840.10045.4.3.2': 'sha256', '1.2.840.10045.4.3.3': 'sha384', '1.2.840.10045.4.3.4': 'sha512',
}

/** The parts of an SPKAC; undefined for what is none. */
function read(spkac, encoding) {
  const text = asBuffer(toBytes(spkac, 'spkac', encoding)).toString('latin1')
  try {
    const signed = parse(Buffer.from(text, 'base64'))
    const body = signed.child(0)
    return { body: body.whole, key: body.child(0).whole, challenge: body.child(1).content, oid: oidOf(signed.child(1).child(0)), signature: signed.child(2).content.subarray(1) }
  } catch {
    return undefined
  }
}

function verifySpkac(spkac, encoding) {
  const parts = read(spkac, encoding)
  const digest = DIGESTS[parts?.oid]
  if (digest === undefined) return false
  try {
    const key = now('read-public', { tag: 'spki', val: parts.key }, undefined)
    return now('verify', key.der, { tag: 'digest', val: hashOf(digest)(parts.body) }, parts.signature, { digest, encoding: 'der' })
  } catch {
    return false
  }
}

function exportPublicKey(spkac, encoding) {
  const parts = read(spkac, encoding)
  if (parts === undefined) return ''
  const key = now('read-public', { tag: 'spki', val: parts.key }, undefined)
  return asBuffer(now('export-public', key.der, 'spki', 'pem'))
}

function exportChallenge(spkac, encoding) {
  const parts = read(spkac, encoding)
  return parts === undefined ? '' : Buffer.from(parts.challenge)
}

export function Certificate() {
  if (!(this instanceof Certificate)) return new Certificate()
}
Object.assign(Certificate, { verifySpkac, exportPublicKey, exportChallenge })
Object.assign(Certificate.prototype, { verifySpkac, exportPublicKey, exportChallenge })
