/** `generateKey`. */
import { generateKeySync, generatePair } from '../../node/crypto/generation.js'
import { DOMException } from '../dom_exception.js'
import { blockBits, failed, operationError, requireUsages } from './algorithms.js'
import { makeCryptoKey } from './crypto_key.js'
import { usagesOf } from './import.js'

/** The number that bytes are, the highest first; undefined beyond 32 bits. */
function exponentOf(bytes) {
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return value < 2 ** 32 ? value : undefined
}

const KINDS = { ECDSA: 'ec', ECDH: 'ec', Ed25519: 'ed25519', X25519: 'x25519', Ed448: 'ed448', X448: 'x448' }

/** What `node:crypto` is asked for, and what holds of both keys. */
function pairOf(algorithm) {
  const { name, modulusLength, publicExponent, hash, namedCurve } = algorithm
  if (!name.startsWith('RSA')) return [KINDS[name], namedCurve === undefined ? undefined : { namedCurve }, namedCurve === undefined ? { name } : { name, namedCurve }]
  const exponent = exponentOf(publicExponent)
  if (exponent === undefined) throw operationError('The publicExponent must be equivalent to an unsigned 32-bit value')
  return ['rsa', { modulusLength, publicExponent: exponent }, { name, modulusLength, publicExponent, hash: { name: hash.name } }]
}

async function generatePairFor(algorithm, extractable, usages) {
  const [kind, options, described] = pairOf(algorithm)
  const allowed = usagesOf(algorithm.name)
  requireUsages(usages, [...allowed.public, ...allowed.private], kind === 'rsa' ? 'a RSA' : `an ${algorithm.name}`)
  const pair = await generatePair(kind, options).catch((error) => { throw failed(error) })
  const made = (which, isExtractable) => makeCryptoKey(pair[`${which}Key`], described, allowed[which].filter((usage) => usages.includes(usage)), isExtractable)
  return { __proto__: null, publicKey: made('public', true), privateKey: made('private', extractable) }
}

function generateSecret(algorithm, extractable, usages) {
  const { name, hash } = algorithm
  const isMac = name === 'HMAC'
  const length = algorithm.length ?? blockBits(hash)
  requireUsages(usages, isMac ? ['sign', 'verify'] : ['wrapKey', 'unwrapKey', ...(name === 'AES-KW' ? [] : ['encrypt', 'decrypt'])], isMac ? 'an HMAC' : 'an AES')
  const key = generateKeySync(isMac ? 'hmac' : 'aes', { length })
  return makeCryptoKey(key, { name, length, ...(isMac && { hash: { name: hash.name } }) }, [...new Set(usages)], extractable)
}

/** @param {object} algorithm a normalized one */
export async function generateKey(algorithm, extractable, usages) {
  const made = usagesOf(algorithm.name) ? await generatePairFor(algorithm, extractable, usages) : generateSecret(algorithm, extractable, usages)
  if ((made.privateKey ?? made).usages.length === 0) throw new DOMException('Usages cannot be empty when creating a key.', 'SyntaxError')
  return made
}
