// The world on this machine: one TLS server (and a plain one) that stands for every host that bots call.
//
// Any host has the routes of `routes` below; services that packages know by name are in `services.js`. What is meant
// for Meta is handed on to the emulated Meta, for bots on Node: those on Roost reach it through their host.

import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import zlib from 'node:zlib'
import { generate } from 'selfsigned'
import { HOSTS, service } from './services.js'

const META = 'graph.facebook.com'

/** Starts the peer. `flags` are for `roost`, `env` and `world()` for a bot on Node. */
export async function startPeer() {
  const { ca, key, cert } = await certificates([...HOSTS, META])
  const folder = await mkdtemp(path.join(tmpdir(), 'roost-yardstick-ca-'))
  const caFile = path.join(folder, 'ca.pem')
  await writeFile(caFile, ca)
  const peer = {}
  const handle = (request, response) => answer(peer, request, response).catch((error) => {
    if (!response.headersSent) response.writeHead(500)
    response.end(String(error.stack))
  })
  const [secure, plain] = [https.createServer({ key, cert }, handle), http.createServer(handle)]
  for (const server of [secure, plain]) await once(server.listen(0, '127.0.0.1'), 'listening')
  const place = `127.0.0.1:${secure.address().port}`
  return Object.assign(peer, {
    flags: ['--egress-allow', '127.0.0.1', '--egress-ca', caFile, ...HOSTS.flatMap((host) => ['--egress-resolve', `${host}=${place}`])],
    env: { NODE_EXTRA_CA_CERTS: caFile },
    world: () => Object.fromEntries([...HOSTS, META].map((host) => [host, place])),
    /** Without TLS, at an address. */
    plain: `http://127.0.0.1:${plain.address().port}`,
    async stop() {
      for (const server of [secure, plain]) server.closeAllConnections(), server.close()
      await rm(folder, { recursive: true, force: true })
    },
  })
}

async function certificates(hosts) {
  const notBeforeDate = new Date(Date.now() - 3_600_000)
  const common = { keyType: 'ec', algorithm: 'sha256', notBeforeDate }
  const authority = await generate([{ name: 'commonName', value: 'a CA for tests' }], {
    ...common,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }, { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }],
  })
  const leaf = await generate([{ name: 'commonName', value: 'the world' }], {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: hosts.map((value) => ({ type: 2, value })) },
    ],
  })
  return { ca: authority.cert, key: leaf.private, cert: leaf.cert }
}

async function answer(peer, request, response) {
  const host = request.headers.host.split(':')[0]
  if (host === META) return handOn(peer.meta, request, response)
  const url = new URL(request.url, `https://${host}`)
  const parts = []
  for await (const part of request) parts.push(part)
  const body = Buffer.concat(parts)
  const known = service(host, { request, response, url, body })
  if (known === response) return
  if (known) return json(response, known.status ?? 200, known.body, known.headers)
  const [, word, rest] = url.pathname.match(/^\/([^/]*)\/?(.*)$/)
  const route = routes[word]
  if (!route) return json(response, 404, { error: 'there is nothing here' })
  await route({ request, response, url, rest, body })
}

function handOn(meta, request, response) {
  const onward = http.request(meta + request.url, { method: request.method, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  request.pipe(onward)
}

export function json(response, status, body, headers = {}) {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers })
  response.end(text)
}

const TEXT = JSON.stringify({ text: 'olá, mundo '.repeat(200) })
const encoders = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync }

/** Header fields that name a client and its version: they differ between any two releases. */
const LEFT_OUT = ['host', 'connection', 'user-agent', 'content-length', 'transfer-encoding', 'keep-alive', 'accept-encoding', 'sec-fetch-mode', 'accept-language']

const routes = {
  /** What came, told back. */
  echo({ request, response, url, body }) {
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !LEFT_OUT.includes(name)).sort())
    // A multipart body has a boundary made by chance, in a header and in the body.
    const boundary = headers['content-type']?.match(/boundary="?([^";]+)/)?.[1]
    const plain = (text) => (boundary ? text.replaceAll(boundary, 'BOUNDARY') : text)
    for (const name in headers) headers[name] = plain(String(headers[name]))
    json(response, 200, { method: request.method, url: url.pathname + url.search, headers, body: plain(body.toString()), length: body.length })
  },
  headers({ request, response }) {
    json(response, 200, request.headers)
  },
  status({ response, rest }) {
    json(response, Number(rest), { status: Number(rest) })
  },
  encoded({ response, rest }) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': rest })
    response.end(encoders[rest](TEXT))
  },
  redirect({ response, url, rest }) {
    const left = Number(rest)
    const to = left > 1 ? `/redirect/${left - 1}` : (url.searchParams.get('to') ?? '/echo')
    response.writeHead(Number(url.searchParams.get('status') ?? 302), { location: to }).end()
  },
  cookies({ response }) {
    json(response, 200, { ok: true }, { 'set-cookie': ['a=1; Path=/', 'b=2; HttpOnly'] })
  },
  bytes({ response, rest }) {
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    response.end(Buffer.alloc(Number(rest), 'abcdefgh'))
  },
  /** Begins an answer in pieces. */
  async pieces({ response, rest }) {
    response.writeHead(200, { 'content-type': 'text/plain' })
    await pipeline(Readable.from(Array.from({ length: Number(rest) }, (_, n) => `piece ${n}\n`)), response)
  },
  sse({ response, rest }) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (let n = 0; n < Number(rest); n++) response.write(`id: ${n}\nevent: tick\ndata: {"n":${n}}\n\n`)
    response.end()
  },
  /** Never answers. */
  silence() {},
  /** Answers a head and a part, and never more. */
  stall({ response }) {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('part')
  },
  /** Closes the connection without an answer. */
  cut({ request }) {
    request.socket.destroy()
  },
  /** Closes the connection in the middle of the answer. */
  tear({ response }) {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 1000 })
    response.write('part', () => response.destroy())
  },
  invalid({ response }) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{"half":')
  },
  basic({ request, response }) {
    const [, given] = request.headers.authorization?.match(/^Basic (.*)/) ?? []
    json(response, given ? 200 : 401, { given: given && Buffer.from(given, 'base64').toString() }, given ? {} : { 'www-authenticate': 'Basic realm="x"' })
  },
}
