/** Encryption with RSA keys. */
import { nativeError, requireString } from '../../errors.js'
import { digestOf } from './hashes.js'
import { now, openssl } from './host_keys.js'
import { privateInput, publicInput } from './key_forms.js'
import { asBuffer, toBytes } from './keys.js'

const [PKCS1, NONE, OAEP] = [1, 3, 4]

const unknownPadding = () => openssl('02000076', 'rsa routines', 'unknown padding type', 'ERR_OSSL_RSA_UNKNOWN_PADDING_TYPE')
const unsupportedPadding = () => openssl('1C8000A5', 'Provider routines', 'illegal or unsupported padding mode', 'ERR_OSSL_ILLEGAL_OR_UNSUPPORTED_PADDING_MODE')
const unsupportedKey = () => openssl('03000096', 'digital envelope routines', 'operation not supported for this keytype', 'ERR_OSSL_EVP_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE')

/** The host's name of a digest that OAEP is to take. */
function oaepDigest(name) {
  try {
    return digestOf(name).hostName
  } catch {
    throw nativeError(Error, 'ERR_OSSL_EVP_INVALID_DIGEST', 'Invalid digest used')
  }
}

/** The parts of a call that all have: the key, the data, and how it is padded. */
function parts(inputOf, usual, options, buffer) {
  const input = inputOf(options)
  const padding = options.padding || usual
  const { oaepHash, oaepLabel, encoding } = options
  if (oaepHash !== undefined) requireString(oaepHash, 'key.oaepHash')
  const label = oaepLabel === undefined ? new Uint8Array(0) : toBytes(oaepLabel, 'key.oaepLabel', encoding)
  const data = toBytes(buffer, 'buffer', encoding)
  const digest = oaepDigest(oaepHash ?? 'sha1')
  const key = input()
  if (key.details.kind !== 'rsa') throw unsupportedKey()
  return { key, padding, data, oaep: { digest, label } }
}

function encryptionPadding({ padding, oaep }) {
  switch (padding) {
    case PKCS1: return { tag: 'pkcs1' }
    case NONE: return { tag: 'none' }
    case OAEP: return { tag: 'oaep', val: oaep }
    case 5: case 6: throw unsupportedPadding()
    default: throw unknownPadding()
  }
}

/** Of what is only padded as signatures are. */
function rawPadding({ padding }) {
  switch (padding) {
    case PKCS1: return 'pkcs1'
    case NONE: return 'none'
    case OAEP: case 5: case 6: throw unsupportedPadding()
    default: throw unknownPadding()
  }
}

export function publicEncrypt(options, buffer) {
  const given = parts(publicInput, OAEP, options, buffer)
  return asBuffer(now('encrypt', given.key.bytes, given.data, encryptionPadding(given)))
}

export function privateDecrypt(options, buffer) {
  const given = parts(privateInput, OAEP, options, buffer)
  return asBuffer(now('decrypt-now', given.key.bytes, given.data, encryptionPadding(given)))
}

export function privateEncrypt(options, buffer) {
  const given = parts(privateInput, PKCS1, options, buffer)
  return asBuffer(now('sign-raw', given.key.bytes, given.data, rawPadding(given)))
}

export function publicDecrypt(options, buffer) {
  const given = parts(publicInput, PKCS1, options, buffer)
  return asBuffer(now('recover', given.key.bytes, given.data, rawPadding(given)))
}
