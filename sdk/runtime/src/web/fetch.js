/** `fetch`. */
import { engine } from '../engine.js'
import { bodyError, fetchError } from '../http/failures.js'
import { open } from '../http/transport.js'
import { Request, Response, take } from './body.js'
import { unpacked } from './content_coding.js'
import { DOMException } from './dom_exception.js'
import { kTidies } from './events.js'
import { Headers } from './headers.js'
import { ReadableStream } from './streams.js'
import { URL } from './url.js'

const MOST_REDIRECTS = 20
const CHUNK = 65536

export async function fetch(input, options) {
  const request = new Request(input, options)
  const { signal } = request
  if (signal.aborted) throw signal.reason
  const url = new URL(request.url)
  if (url.protocol === 'data:') return dataResponse(url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw failed(new Error('unknown scheme'))

  const body = take(request)
  const headers = new Headers(request.headers)
  if (!headers.has('accept')) headers.set('accept', '*/*')
  if (!headers.has('user-agent')) headers.set('user-agent', 'node')
  // A part of a packed body could not be unpacked.
  if (headers.has('range')) headers.append('accept-encoding', 'identity')
  if (!headers.has('accept-encoding')) headers.set('accept-encoding', url.protocol === 'https:' ? 'br, gzip, deflate' : 'gzip, deflate')
  return follow({ url, method: request.method, headers, body, signal, redirect: request.redirect }, 0)
}

async function follow(request, count) {
  const { url, method, headers, body, signal, redirect } = request
  const head = await send(request)
  const location = [301, 302, 303, 307, 308].includes(head.status)
    ? head.pairs[head.pairs.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'location') + 1] : undefined
  const found = head.pairs.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'location')
  if (!found || location === undefined || redirect === 'manual') {
    return Response.received({ ...head, url: url.href.replace(/#.*/s, ''), redirected: count > 0 }, stream(plain(head, method), signal))
  }
  head.source.close()
  if (redirect === 'error') throw failed(new Error('unexpected redirect'))
  if (count >= MOST_REDIRECTS) throw failed(new Error('redirect count exceeded'))
  const next = URL.parse(location, url)
  if (!next || !/^https?:$/.test(next.protocol)) throw failed(new Error(`bad redirect to ${location}`))
  const following = { ...request, url: next, headers: new Headers(headers) }
  if ((head.status === 303 && method !== 'HEAD' && method !== 'GET') || (head.status < 303 && method === 'POST')) {
    following.method = 'GET'
    following.body = { bytes: null }
    for (const name of ['content-type', 'content-length', 'content-encoding', 'content-language', 'content-location']) following.headers.delete(name)
  } else if (body.stream) {
    throw failed(new Error('a streamed body cannot be sent again after a redirect'))
  }
  // Secrets go to the origin they were given for, and nowhere else.
  if (next.origin !== url.origin) for (const name of ['authorization', 'cookie', 'proxy-authorization', 'host']) following.headers.delete(name)
  return follow(following, count + 1)
}

/** The body as it was before it was packed for the way. */
function plain({ status, pairs, source }, method) {
  if (method === 'HEAD' || [101, 204, 205, 304].includes(status)) return source
  const codings = pairs.filter((_, i) => i % 2 === 1 && pairs[i - 1].toLowerCase() === 'content-encoding').join(',')
  if (codings === '') return source
  try {
    return unpacked(source, codings)
  } catch (error) {
    source.close()
    throw failed(error)
  }
}

/** Sends one request and resolves with its head. */
function send({ url, method, headers, body, signal }) {
  return new Promise((resolve, reject) => {
    // Headers of a request that is passed on tell of its body: what counts is the one that is sent.
    const length = body.bytes?.length ?? (body.stream ? undefined : method === 'POST' || method === 'PUT' ? 0 : undefined)
    if (!body.stream) headers.delete('content-length')
    const pairs = Headers.toPairs(headers)
    if (length !== undefined) pairs.push('content-length', String(length))
    const wire = open({
      method, scheme: url.protocol.slice(0, -1), authority: url.host, path: url.pathname + url.search, pairs,
      hasBody: Boolean(body.stream) || (body.bytes?.length ?? 0) > 0,
    })
    const abort = () => {
      wire.abort()
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    const settle = () => signal.removeEventListener('abort', abort)
    wire.response.then((head) => { settle(); resolve(head) }, (error) => { settle(); reject(failed(error)) })
    upload(wire, body).catch((error) => {
      wire.abort()
      reject(failed(error))
    })
  })
}

async function upload(wire, { bytes, stream: source }) {
  if (bytes?.length > 0) await wire.write(bytes)
  if (source) {
    const reader = source.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const chunk = typeof value === 'string' ? engine.utf8Encode(value) : value
      if (!(chunk instanceof Uint8Array)) throw new TypeError('A body must be a stream of bytes')
      if (chunk.length > 0 && !await wire.write(chunk)) {
        // Nobody reads on: whatever comes of the request, its response says it.
        reader.cancel().catch(() => {})
        break
      }
    }
  }
  wire.end()
}

function stream(source, signal) {
  let ended = false
  return new ReadableStream({
    start(controller) {
      signal.addEventListener('abort', () => {
        if (ended) return
        ended = true
        source.close()
        controller.error(signal.reason)
      }, { once: true, [kTidies]: true })
    },
    async pull(controller) {
      try {
        const bytes = await source.read(CHUNK)
        if (ended) return
        if (bytes === null) {
          ended = true
          controller.close()
        } else {
          controller.enqueue(bytes)
        }
      } catch (error) {
        ended = true
        controller.error(failed(bodyError(error), 'terminated'))
      }
    },
    cancel() {
      ended = true
      source.close()
    },
  }, { highWaterMark: 0 })
}

function dataResponse(url) {
  const match = /^data:([^,]*?)(;base64)?,(.*)$/s.exec(url.href)
  if (!match) throw failed(new Error('malformed data: URL'))
  const bytes = match[2] ? engine.base64Decode(decodeURIComponent(match[3])) : engine.utf8Encode(decodeURIComponent(match[3]))
  return new Response(bytes, { headers: { 'content-type': match[1] || 'text/plain;charset=US-ASCII' } })
}

/** As Node: one message, and what happened as its cause. */
function failed(cause, message = 'fetch failed') {
  if (cause instanceof DOMException && cause.name === 'AbortError') return cause
  return new TypeError(cause?.code === 'EACCES' ? cause.message : message, { cause: fetchError(cause) })
}
