/** `node:querystring`. */

const SAFE = /[^A-Za-z0-9\-_.!~*'()]/

export function escape(value) {
  if (typeof value !== 'string') value = typeof value === 'object' ? String(value) : `${value}`
  return SAFE.test(value) ? encodeURIComponent(value.toWellFormed()) : value
}

export function unescapeBuffer(text) {
  const bytes = globalThis.Buffer.from(text)
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    const pair = bytes[i] === 0x25 ? bytes.latin1Slice(i + 1, i + 3) : ''
    if (/^[0-9a-f]{2}$/i.test(pair)) {
      bytes[length++] = parseInt(pair, 16)
      i += 2
    } else {
      bytes[length++] = bytes[i]
    }
  }
  return bytes.subarray(0, length)
}

export function unescape(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return unescapeBuffer(text).toString()
  }
}

export function stringify(object, separator = '&', equals = '=', options) {
  if (typeof object !== 'object' || object === null) return ''
  const encode = options?.encodeURIComponent ?? querystring.escape
  const text = (value) => (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value)) ? encode(`${value}`) : '')
  return Object.keys(object).flatMap((key) => {
    const value = object[key]
    const values = Array.isArray(value) ? value : [value]
    return values.map((item) => `${encode(key)}${equals}${text(item)}`)
  }).join(separator)
}

export function parse(text, separator = '&', equals = '=', options) {
  const result = { __proto__: null }
  if (typeof text !== 'string' || text.length === 0) return result
  const decode = options?.decodeURIComponent ?? querystring.unescape
  const limit = typeof options?.maxKeys === 'number' ? options.maxKeys : 1000
  const pairs = text.split(separator || '&')
  for (const pair of limit > 0 ? pairs.slice(0, limit) : pairs) {
    if (pair === '') continue
    const position = pair.indexOf(equals || '=')
    const key = decoded(position < 0 ? pair : pair.slice(0, position), decode)
    const value = position < 0 ? '' : decoded(pair.slice(position + (equals || '=').length), decode)
    const existing = result[key]
    if (existing === undefined) result[key] = value
    else if (Array.isArray(existing)) existing.push(value)
    else result[key] = [existing, value]
  }
  return result
}

function decoded(text, decode) {
  if (text.includes('+')) text = text.replaceAll('+', ' ')
  if (!text.includes('%')) return text
  try {
    return decode(text)
  } catch {
    return unescape(text)
  }
}

const querystring = { escape, unescape, unescapeBuffer, stringify, encode: stringify, parse, decode: parse }

export default querystring
