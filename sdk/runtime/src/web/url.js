/** `URL`. */
import { custom, inspect } from '../node/inspect.js'
import {
  SPECIAL, encodeFragment, encodeQuery, encodeUserinfo, parse, parseHost, pathAndQuery, pathText, serialize, setHostPort, setPort,
} from './url_parser.js'
import { URLSearchParams } from './url_search_params.js'

let blobs

export class URL {
  #url
  #params

  constructor(input, base = undefined) {
    input = `${input}`
    let parsedBase
    if (base !== undefined) {
      parsedBase = parse(`${base}`)
      if (!parsedBase) throw invalid(input, `${base}`)
    }
    this.#url = parse(input, parsedBase)
    if (!this.#url) throw invalid(input, base === undefined ? undefined : `${base}`)
  }

  static canParse(input, base = undefined) {
    return URL.parse(input, base) !== null
  }

  static parse(input, base = undefined) {
    try {
      return new URL(input, base)
    } catch {
      return null
    }
  }

  static createObjectURL(blob) {
    blobs ??= new Map()
    const url = `blob:nodedata:${crypto.randomUUID()}`
    blobs.set(url, blob)
    return url
  }

  static revokeObjectURL(url) { blobs?.delete(`${url}`) }

  get href() { return serialize(this.#url) }
  set href(value) {
    const url = parse(`${value}`)
    if (!url) throw invalid(`${value}`)
    this.#url = url
    this.#refresh()
  }

  get origin() {
    const { scheme, host, port } = this.#url
    if (scheme === 'blob:') {
      const inner = URL.parse(pathText(this.#url))
      return inner && /^https?:$/.test(inner.protocol) ? inner.origin : 'null'
    }
    return scheme in SPECIAL && scheme !== 'file:' ? `${scheme}//${host}${port === '' ? '' : `:${port}`}` : 'null'
  }

  get protocol() { return this.#url.scheme }
  set protocol(value) {
    const match = /^([a-zA-Z][a-zA-Z0-9+\-.]*)(:|$)/.exec(`${value}`)
    if (!match) return
    const scheme = `${match[1].toLowerCase()}:`
    const url = this.#url
    if ((scheme in SPECIAL) !== (url.scheme in SPECIAL)) return
    if (scheme === 'file:' && (url.username || url.password || url.port !== '')) return
    if (url.scheme === 'file:' && url.host === '') return
    url.scheme = scheme
    if (SPECIAL[scheme] === url.port) url.port = ''
  }

  get username() { return this.#url.username }
  set username(value) { if (this.#hasAuthority()) this.#url.username = encodeUserinfo(`${value}`) }
  get password() { return this.#url.password }
  set password(value) { if (this.#hasAuthority()) this.#url.password = encodeUserinfo(`${value}`) }

  get host() {
    const { host, port } = this.#url
    return host === null ? '' : host + (port === '' ? '' : `:${port}`)
  }
  set host(value) {
    if (typeof this.#url.path === 'string') return
    const copy = { ...this.#url }
    if (setHostPort(copy, this.#hostPart(value))) Object.assign(this.#url, { host: copy.host, port: copy.port })
  }

  get hostname() { return this.#url.host ?? '' }
  set hostname(value) {
    if (typeof this.#url.path === 'string') return
    const text = this.#hostPart(value)
    const host = text === '' && !(this.#url.scheme in SPECIAL) ? '' : parseHost(text, this.#url.scheme in SPECIAL)
    if (host !== undefined && !(text.includes(':') && !text.startsWith('['))) this.#url.host = host
  }

  get port() { return this.#url.port }
  set port(value) {
    if (!this.#hasAuthority()) return
    if (`${value}` === '') this.#url.port = ''
    else setPort(this.#url, /^\d*/.exec(`${value}`)[0])
  }

  get pathname() { return pathText(this.#url) }
  set pathname(value) {
    if (typeof this.#url.path === 'string') return
    const { query, fragment } = this.#url
    pathAndQuery(this.#url, `${value}`.replace(/[\t\n\r]/g, '').replace(/\?/g, '%3F').replace(/#/g, '%23'))
    Object.assign(this.#url, { query, fragment })
  }

  get search() { return this.#url.query ? `?${this.#url.query}` : '' }
  set search(value) {
    const text = `${value}`.replace(/^\?/, '')
    this.#url.query = `${value}` === '' ? null : encodeQuery(this.#url, text).replace(/#/g, '%23')
    this.#refresh()
  }

  get searchParams() {
    this.#params ??= URLSearchParams.of(this.#url.query ?? '', (query) => { this.#url.query = query === '' ? null : query })
    return this.#params
  }

  get hash() { return this.#url.fragment ? `#${this.#url.fragment}` : '' }
  set hash(value) {
    this.#url.fragment = `${value}` === '' ? null : encodeFragment(`${value}`.replace(/^#/, ''))
  }

  toString() { return this.href }
  toJSON() { return this.href }

  [custom](depth, options) {
    const shown = {}
    for (const name of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname',
      'search', 'searchParams', 'hash']) shown[name] = this[name]
    return `URL ${inspect(shown, options)}`
  }

  #hasAuthority() {
    const { host, scheme } = this.#url
    return host !== null && host !== '' && scheme !== 'file:'
  }

  #hostPart(value) {
    return `${value}`.split(this.#url.scheme in SPECIAL ? /[/\\?#]/ : /[/?#]/)[0]
  }

  #refresh() {
    if (this.#params) URLSearchParams.replace(this.#params, this.#url.query ?? '')
  }
}

for (const name of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname',
  'search', 'searchParams', 'hash', 'toString', 'toJSON']) {
  Object.defineProperty(URL.prototype, name, { enumerable: true })
}
Object.defineProperty(URL.prototype, Symbol.toStringTag, { value: 'URL', configurable: true })

function invalid(input, base) {
  // Of Node's own errors the one whose first line does not show its code.
  return Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input }, base === undefined ? {} : { base })
}

/** What `http.request` makes of a URL. */
export function urlToHttpOptions(url) {
  const options = {
    __proto__: null, ...url, protocol: url.protocol, hostname: url.hostname.replace(/^\[|\]$/g, ''), hash: url.hash,
    search: url.search, pathname: url.pathname, path: `${url.pathname}${url.search}`, href: url.href,
  }
  if (url.port !== '') options.port = Number(url.port)
  if (url.username || url.password) options.auth = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return options
}

export { URLSearchParams }
