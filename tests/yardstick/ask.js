// One HTTP request, and what a client sees of its answer. Redirects are not followed; an encoded body is shown decoded,
// because two encoders may write the same text in different bytes.

import http from 'node:http'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'

const SHOWN = ['content-type', 'content-encoding', 'content-length', 'content-range', 'content-disposition', 'location', 'vary', 'etag', 'cache-control', 'allow', 'accept-ranges', 'set-cookie', 'x-powered-by']
// What is of the connection, and the number that the host gives each request, as a proxy does.
const HIDDEN = ['date', 'connection', 'keep-alive', 'transfer-encoding', 'x-request-id']
const DECODERS = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync }

/**
 * Asks. With `take` it goes away when so many server-sent events have come; `show` names further header fields to
 * compare, `every` has all compared but those in HIDDEN.
 */
export function ask(url, { method = 'GET', headers = {}, body, take, show = [], every = false, patience = 40_000 } = {}) {
  return new Promise((resolve) => {
    // Any name below `localhost` is this machine; not every system's resolver knows that.
    const { hostname } = new URL(url)
    const request = http.request(url, { method, headers, agent: false, ...(hostname.endsWith('.localhost') && { lookup: toLoopback }) }, (response) => {
      const parts = []
      const answer = (end) => {
        clearTimeout(timer)
        const names = every ? Object.keys(response.headers).filter((name) => !HIDDEN.includes(name)).sort() : [...SHOWN, ...show].filter((name) => name in response.headers || /^access-control/.test(name))
        const cors = every ? [] : Object.keys(response.headers).filter((name) => name.startsWith('access-control-')).sort()
        const shown = Object.fromEntries([...names, ...cors].map((name) => [name, timeless(response.headers[name])]))
        const text = decoded(Buffer.concat(parts), response.headers['content-encoding'])
        resolve({ status: response.statusCode, headers: shown, body: take ? text.split('\n\n').slice(0, take) : text, end })
      }
      response.on('data', (part) => {
        parts.push(part)
        if (take && Buffer.concat(parts).toString().split('\n\n').length > take) {
          answer('left')
          response.destroy()
        }
      })
      response.on('end', () => answer('ended'))
      response.on('error', () => answer('broken off'))
    })
    const timer = setTimeout(() => request.destroy(new Error(`no answer in ${patience} ms`)), patience)
    request.on('error', (error) => {
      clearTimeout(timer)
      resolve({ error: error.code ?? error.message })
    })
    request.end(body)
  })
}

function toLoopback(name, { all }, found) {
  const address = '127.0.0.1'
  return all ? found(null, [{ address, family: 4 }]) : found(null, address, 4)
}

/** Without the time of the answer in a cookie, and that of a file in its tag. */
function timeless(value) {
  if (Array.isArray(value)) return value.map(timeless)
  return value?.replace(/^(W\/"[0-9a-f]+)-[0-9a-f]+"$/, '$1-(time)"').replace(/Expires=(?!Thu, 01 Jan 1970)[^;]+/, 'Expires=(time)')
}

function decoded(bytes, encoding) {
  const decode = DECODERS[encoding]
  if (!decode || bytes.length === 0) return bytes.toString()
  try {
    return decode(bytes).toString()
  } catch (error) {
    return `not ${encoding}: ${error.message}`
  }
}
