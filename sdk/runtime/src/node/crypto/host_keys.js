/** Calls of the host's public keys and certificates (`wit/public-keys.wit`, `wit/certificates.wit`), and what their failures are as errors of Node's. */
import { nativeError } from '../../errors.js'
import { callNow, compute } from '../../host.js'
import { shortage } from './derivation.js'
import { KeyData } from './keys.js'

/** An error of OpenSSL's, as Node has it. */
export function openssl(number, library, reason, code) {
  return Object.assign(new Error(`error:${number}:${library}::${reason}`), { library, reason, code })
}

export const operationFailed = (message) => nativeError(Error, 'ERR_CRYPTO_OPERATION_FAILED', message)
export const invalidCurve = () => nativeError(TypeError, 'ERR_CRYPTO_INVALID_CURVE', 'Invalid EC curve name')
export const invalidDigest = (name) => nativeError(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${name}`)

/** What OpenSSL says where an encrypted key came without a passphrase. */
export const NO_PASSPHRASE = 'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED'

/** @param {string} what the call in words */
function faultOf(error, what) {
  const payload = error?.payload
  if (payload === undefined) return error
  const { tag, val } = payload
  switch (tag) {
    case 'openssl': {
      const { message, library, reason, code } = val
      return Object.assign(new Error(message), { library, reason, code })
    }
    case 'missing-passphrase': return openssl('07880109', 'common libcrypto routines', 'interrupted or cancelled', NO_PASSPHRASE)
    case 'unknown-digest': return nativeError(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', 'Invalid digest')
    case 'unknown-curve': return invalidCurve()
    case 'unknown-cipher': return nativeError(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher')
    case 'unsupported': return nativeError(Error, 'ERR_CRYPTO_UNSUPPORTED_OPERATION', val)
    case 'time': case 'memory': return operationFailed(shortage(what, tag, val))
    case 'too-much': return operationFailed(`${what}: the input is longer than the host takes`)
    default: return operationFailed(`${what}: ${val}`)
  }
}

const inWords = (name) => name.replace(/-now$/, '').replaceAll('-', ' ')

function called(name, args, what) {
  try {
    return callNow(name, args)
  } catch (error) {
    throw faultOf(error, what)
  }
}

/** Calls a function of the host while the bot waits. */
export const now = (name, ...args) => called(`public-keys.${name}`, args, inWords(name))
/** Calls one of those for certificates. */
export const ofCertificates = (name, ...args) => called(`certificates.${name}`, args, `${inWords(name)} of a certificate`)

/** Calls one beside whatever else the bot does. */
export function later(name, ...args) {
  return compute(`public-keys.${name}`, args).catch((error) => { throw faultOf(error, inWords(name)) })
}

const keyData = (type, { der, details }) => new KeyData(type, der, details)
export const publicData = (key) => keyData('public', key)
export const privateData = (key) => keyData('private', key)

/** The public key of a private one; a public one is its own. */
export const publicOf = (data) => (data.type === 'public' ? data : publicData(now('public-of', data.bytes)))
