/** Header names, values and lists, between Node's shapes and the flat pairs of the engine. */
import { codedError } from '../errors.js'

const TOKEN = /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/
// eslint-disable-next-line no-control-regex
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/
const NOT_PLAIN = /[^\t\x20-\x7e]/

/**
 * What belongs to one connection, or says whom it is to: the host says those. `wasi:http` refuses a message that has
 * one of them, except the last three, which would ask a peer for what the host does not pass on.
 */
const OF_THE_HOST = new Set(['connection', 'host', 'http2-settings', 'keep-alive', 'proxy-authenticate', 'proxy-authorization',
  'proxy-connection', 'transfer-encoding', 'upgrade', 'expect', 'te', 'trailer'])

/** Of these a second value is dropped; others are joined. */
const SINGLE = new Set(['age', 'authorization', 'content-length', 'content-type', 'etag', 'expires', 'from', 'host',
  'if-modified-since', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards', 'proxy-authorization',
  'referer', 'retry-after', 'server', 'user-agent'])

export function validateHeaderName(name, label = 'Header name') {
  if (typeof name !== 'string' || !TOKEN.test(name)) {
    throw codedError(TypeError, 'ERR_INVALID_HTTP_TOKEN', `${label} must be a valid HTTP token ["${name}"]`)
  }
}

export function validateHeaderValue(name, value) {
  isPlainValue(name, value)
}

/** Whether a header's value is ASCII. One that is no value of a header throws. */
export function isPlainValue(name, value) {
  if (value === undefined) {
    throw codedError(TypeError, 'ERR_HTTP_INVALID_HEADER_VALUE', `Invalid value "${value}" for header "${name}"`)
  }
  // Each pass over a text costs; nearly all are plain.
  if (!NOT_PLAIN.test(value)) return true
  if (BAD_VALUE.test(value)) {
    throw codedError(TypeError, 'ERR_INVALID_CHAR', `Invalid character in header content ["${name}"]`)
  }
  return false
}

/** `req.headers` of flat pairs. */
export function headersOf(pairs, drop = SINGLE) {
  const headers = {}
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i].toLowerCase()
    const value = pairs[i + 1]
    const existing = headers[name]
    if (name === 'set-cookie') {
      if (existing) existing.push(value)
      else headers[name] = [value]
    } else if (existing === undefined) {
      headers[name] = value
    } else if (!drop.has(name)) {
      headers[name] = `${existing}${name === 'cookie' ? '; ' : ', '}${value}`
    }
  }
  return headers
}

/** `req.headersDistinct` of flat pairs. */
export function distinctHeadersOf(pairs) {
  const headers = { __proto__: null }
  for (let i = 0; i < pairs.length; i += 2) (headers[pairs[i].toLowerCase()] ??= []).push(pairs[i + 1])
  return headers
}

/** The first value of a header in flat pairs. */
export function valueOf(pairs, header) {
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i]
    if (name.length === header.length && name.toLowerCase() === header) return pairs[i + 1]
  }
  return undefined
}

/** The pairs without what is the host's to say. */
export function endToEnd(pairs) {
  const kept = []
  for (let i = 0; i < pairs.length; i += 2) {
    if (!OF_THE_HOST.has(pairs[i].toLowerCase())) kept.push(pairs[i], pairs[i + 1])
  }
  return kept
}
