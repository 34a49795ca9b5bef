/** `node:url`: the old parser from npm, the new one from web/url.js. */
import * as old from 'url/url.js'
import { codedError, invalidArgType } from '../errors.js'
import { URL, URLSearchParams, urlToHttpOptions } from '../web/url.js'
import { toASCII, toUnicode } from '../web/url_parser.js'

function fileURLToPath(input) {
  const url = typeof input === 'string' ? new URL(input) : input
  if (!(url instanceof URL)) throw invalidArgType('path', 'of type string or an instance of URL', input)
  if (url.protocol !== 'file:') throw codedError(TypeError, 'ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file')
  return decodeURIComponent(url.pathname)
}

function pathToFileURL(path) {
  const absolute = path.startsWith('/') ? path : `/app/${path}`
  return new URL(`file://${encodeURI(absolute).replace(/[?#]/g, encodeURIComponent)}`)
}

function format(value, options) {
  if (!(value instanceof URL)) return old.format(value)
  const url = new URL(value.href)
  if (options?.fragment === false) url.hash = ''
  if (options?.search === false) url.search = ''
  if (options?.auth === false) url.username = url.password = ''
  return url.href
}

export default {
  Url: old.Url, parse: old.parse, resolve: old.resolve, resolveObject: old.resolveObject, format,
  URL, URLSearchParams, fileURLToPath, pathToFileURL, urlToHttpOptions,
  domainToASCII: (domain) => toASCII(`${domain}`) ?? '',
  domainToUnicode: (domain) => toUnicode(`${domain}`),
}
