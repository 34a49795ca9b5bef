/** The URL parser of the WHATWG's URL standard: a record out of a text and a base. */
import punycode from 'punycode/'
import { engine } from '../engine.js'

export const SPECIAL = { __proto__: null, 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21', 'file:': '' }

const C0 = (c) => c <= 0x1f || c > 0x7e
const among = (text, base) => {
  const codes = new Set([...text].map((c) => c.charCodeAt(0)))
  return (c) => base(c) || codes.has(c)
}
const FRAGMENT = among(' "<>`', C0)
const QUERY = among(' "#<>', C0)
const SPECIAL_QUERY = among("'", QUERY)
const PATH = among('?^`{}', QUERY)
const USERINFO = among('/:;=@[\\]|', PATH)
const FORBIDDEN_HOST = /[\0\t\n\r #/:<>?@[\\\]^|]/
// eslint-disable-next-line no-control-regex
const FORBIDDEN_DOMAIN = /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/

export function encodeWith(text, inSet) {
  if (/^[A-Za-z0-9\-_.~!$&()*+,/]*$/.test(text)) return text
  let result = ''
  for (const character of text.toWellFormed()) {
    const code = character.codePointAt(0)
    if (!inSet(code)) result += character
    else for (const byte of engine.utf8Encode(character)) result += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return result
}

function percentDecode(text) {
  if (!text.includes('%')) return text
  const bytes = engine.utf8Encode(text)
  const decoded = []
  for (let i = 0; i < bytes.length; i++) {
    const pair = bytes[i] === 0x25 ? String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0) : ''
    if (/^[0-9a-f]{2}$/i.test(pair)) {
      decoded.push(parseInt(pair, 16))
      i += 2
    } else {
      decoded.push(bytes[i])
    }
  }
  return engine.utf8Decode(new Uint8Array(decoded), false)
}

/** @returns the host's text, or undefined when it is no host */
export function parseHost(text, isSpecial) {
  if (text.startsWith('[')) return text.endsWith(']') ? parseIPv6(text.slice(1, -1)) : undefined
  if (!isSpecial) return FORBIDDEN_HOST.test(text) ? undefined : encodeWith(text, C0)
  const domain = toASCII(percentDecode(text))
  if (!domain || FORBIDDEN_DOMAIN.test(domain)) return undefined
  const last = domain.replace(/\.$/, '').split('.').at(-1)
  return /^\d+$|^0x[0-9a-f]*$/i.test(last) ? parseIPv4(domain) : domain
}

/** Lower case, one form of each character, punycode. The mapping tables of UTS 46 beyond that are left out for their size. */
export function toASCII(text) {
  if (/^[a-z0-9.\-_]*$/.test(text)) return text
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase()
  const mapped = text.replace(/[\u00ad\u200b\u2060\ufeff]/g, '').normalize('NFKC').toLowerCase().normalize('NFC')
    .replace(/[\u3002\uff0e\uff61]/g, '.')
  try {
    return punycode.toASCII(mapped)
  } catch {
    return undefined
  }
}

export const toUnicode = (text) => punycode.toUnicode(text)

function parseIPv4(text) {
  const parts = text.split('.')
  if (parts.at(-1) === '' && parts.length > 1) parts.pop()
  if (parts.length > 4) return undefined
  const numbers = parts.map((part) => {
    if (/^0x[0-9a-f]*$/i.test(part)) return part.length === 2 ? 0 : parseInt(part.slice(2), 16)
    if (/^0[0-7]*$/.test(part)) return part.length === 1 ? 0 : parseInt(part, 8)
    return /^[1-9]\d*$/.test(part) ? Number(part) : NaN
  })
  if (numbers.some(Number.isNaN) || numbers.slice(0, -1).some((n) => n > 255)) return undefined
  if (numbers.at(-1) >= 256 ** (5 - numbers.length)) return undefined
  let address = numbers.at(-1)
  for (const [i, number] of numbers.slice(0, -1).entries()) address += number * 256 ** (3 - i)
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}

function parseIPv6(text) {
  let tail = []
  const v4 = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  if (v4) {
    const bytes = v4.slice(2).map(Number)
    if (bytes.some((byte, i) => byte > 255 || String(byte) !== v4[i + 2])) return undefined
    tail = [bytes[0] * 256 + bytes[1], bytes[2] * 256 + bytes[3]]
    text = v4[1].endsWith('::') ? v4[1] : v4[1].slice(0, -1)
  }
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, rest] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const pieces = [...head, ...(rest ?? [])]
  if (pieces.some((piece) => !/^[0-9a-f]{1,4}$/i.test(piece))) return undefined
  const count = pieces.length + tail.length
  if (rest === undefined ? count !== 8 : count > 7) return undefined
  const number = (piece) => parseInt(piece, 16)
  const address = [...head.map(number), ...Array(rest === undefined ? 0 : 8 - count).fill(0), ...(rest ?? []).map(number), ...tail]
  return `[${compress(address)}]`
}

function compress(address) {
  let best = { start: -1, length: 1 }
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (address[i + length] === 0) length++
    if (length > best.length) best = { start: i, length }
    i += length
  }
  const hex = address.map((piece) => piece.toString(16))
  if (best.start < 0) return hex.join(':')
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`
}

/** A URL record: what the getters of URL read. `path` is an array, or a string when opaque. */
export function parse(input, base) {
  // eslint-disable-next-line no-control-regex
  input = input.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '').replace(/[\t\n\r]/g, '')
  const url = { scheme: '', username: '', password: '', host: null, port: '', path: [], query: null, fragment: null }

  const hash = input.indexOf('#')
  if (hash >= 0) {
    url.fragment = encodeWith(input.slice(hash + 1), FRAGMENT)
    input = input.slice(0, hash)
  }
  const scheme = /^([a-zA-Z][a-zA-Z0-9+\-.]*):/.exec(input)
  if (scheme) {
    url.scheme = `${scheme[1].toLowerCase()}:`
    input = input.slice(scheme[0].length)
  } else if (!base) {
    return undefined
  }

  const special = (scheme ? url.scheme : base.scheme) in SPECIAL
  const slashes = special ? /^[/\\]*/.exec(input)[0].length : input.startsWith('//') ? 2 : input.startsWith('/') ? 1 : 0

  if (scheme && !special) {
    if (slashes === 2) return authority(url, input.slice(2))
    if (slashes === 1) return pathAndQuery(url, input)
    return opaque(url, input)
  }
  if (scheme && url.scheme !== 'file:' && (base?.scheme !== url.scheme || slashes >= 2)) {
    return authority(url, input.slice(slashes))
  }
  if (!scheme) {
    if (typeof base.path === 'string') {
      if (input !== '' || url.fragment === null) return undefined
      return { ...base, fragment: url.fragment }
    }
    url.scheme = base.scheme
    if (slashes >= 2 && url.scheme !== 'file:') return authority(url, input.slice(special ? slashes : 2))
  }
  if (url.scheme === 'file:') return file(url, input, base?.scheme === 'file:' ? base : undefined)
  return relative(url, input, base)
}

function relative(url, input, base) {
  Object.assign(url, { username: base.username, password: base.password, host: base.host, port: base.port })
  if (/^[/\\]/.test(input) && (input[0] === '/' || url.scheme in SPECIAL)) return pathAndQuery(url, input)
  const [path, query] = splitQuery(input)
  if (path === '') {
    url.path = base.path.slice()
    url.query = query === null ? base.query : encodeQuery(url, query)
    return url
  }
  return pathAndQuery(url, input, base.path.slice(0, -1))
}

function splitQuery(input) {
  const mark = input.indexOf('?')
  return mark < 0 ? [input, null] : [input.slice(0, mark), input.slice(mark + 1)]
}

export function encodeQuery(url, query) {
  return encodeWith(query, url.scheme in SPECIAL ? SPECIAL_QUERY : QUERY)
}

function opaque(url, input) {
  const [path, query] = splitQuery(input)
  url.path = encodeWith(path, C0)
  if (url.query === null && query !== null) url.query = encodeQuery(url, query)
  return url
}

function authority(url, input) {
  const special = url.scheme in SPECIAL
  const end = input.search(special ? /[/\\?]/ : /[/?]/)
  const text = end < 0 ? input : input.slice(0, end)
  const at = text.lastIndexOf('@')
  if (at >= 0) {
    const colon = text.slice(0, at).indexOf(':')
    url.username = encodeWith(colon < 0 ? text.slice(0, at) : text.slice(0, colon), USERINFO)
    if (colon >= 0) url.password = encodeWith(text.slice(colon + 1, at), USERINFO)
  }
  const where = text.slice(at + 1)
  if (!setHostPort(url, where) || (at >= 0 && where === '')) return undefined
  return pathAndQuery(url, end < 0 ? '' : input.slice(end))
}

/** @returns whether the text is a host, perhaps with a port */
export function setHostPort(url, text) {
  const special = url.scheme in SPECIAL
  const match = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text)
  if (!match) return false
  if (match[1] === '' && (special || match[2])) return false
  const host = match[1] === '' ? '' : parseHost(match[1], special)
  if (host === undefined) return false
  url.host = host
  if (match[2] !== undefined && match[2] !== '' && !setPort(url, match[2])) return false
  return true
}

export function setPort(url, text) {
  if (!/^\d+$/.test(text) || Number(text) > 65535) return false
  const port = String(Number(text))
  url.port = SPECIAL[url.scheme] === port ? '' : port
  return true
}

const DRIVE = /^[a-zA-Z][:|]$/

function file(url, input, base) {
  url.host = ''
  if (/^[/\\]{2}/.test(input)) {
    const rest = input.slice(2)
    const end = rest.search(/[/\\?]/)
    const text = end < 0 ? rest : rest.slice(0, end)
    if (DRIVE.test(text)) return pathAndQuery(url, `/${rest}`)
    const host = text === '' ? '' : parseHost(text, true)
    if (host === undefined) return undefined
    url.host = host === 'localhost' ? '' : host
    return pathAndQuery(url, end < 0 ? '' : rest.slice(end))
  }
  if (/^[/\\]/.test(input)) {
    if (base) url.host = base.host
    return pathAndQuery(url, input)
  }
  if (base) {
    url.host = base.host
    return relative(url, input, base)
  }
  return pathAndQuery(url, input)
}

/** Reads a path, dots resolved, and a query. `start` is what the path is relative to. */
export function pathAndQuery(url, input, start = []) {
  const special = url.scheme in SPECIAL
  const [text, query] = splitQuery(input)
  const path = start
  if (text !== '' || special) {
    const body = /^[/\\]/.test(text) && (special || text[0] === '/') ? text.slice(1) : text
    const segments = special ? body.split(/[/\\]/) : body.split('/')
    segments.forEach((segment, i) => {
      const last = i === segments.length - 1
      if (/^(\.|%2e){2}$/i.test(segment)) {
        if (!(url.scheme === 'file:' && path.length === 1 && /^[a-zA-Z]:$/.test(path[0]))) path.pop()
        if (last) path.push('')
      } else if (/^(\.|%2e)$/i.test(segment)) {
        if (last) path.push('')
      } else if (url.scheme === 'file:' && path.length === 0 && DRIVE.test(segment)) {
        path.push(`${segment[0]}:`)
      } else {
        path.push(encodeWith(segment, PATH))
      }
    })
  }
  url.path = path
  if (query !== null) url.query = encodeQuery(url, query)
  return url
}

export function pathText(url) {
  if (typeof url.path === 'string') return url.path
  return url.path.map((segment) => `/${segment}`).join('')
}

export function serialize(url, withoutFragment = false) {
  let text = url.scheme
  if (url.host !== null) {
    text += '//'
    if (url.username || url.password) text += `${url.username}${url.password ? `:${url.password}` : ''}@`
    text += url.host + (url.port === '' ? '' : `:${url.port}`)
  } else if (typeof url.path !== 'string' && url.path.length > 1 && url.path[0] === '') {
    text += '/.'
  }
  text += pathText(url)
  if (url.query !== null) text += `?${url.query}`
  if (url.fragment !== null && !withoutFragment) text += `#${url.fragment}`
  return text
}

export const encodeUserinfo = (text) => encodeWith(text, USERINFO)
export const encodeFragment = (text) => encodeWith(text, FRAGMENT)
