/** `node:zlib`, compared with Node itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import zlib from 'node:zlib'
import { makeEngine } from './support/node_engine.js'

const HELPERS = `
  const zlib = require('zlib')
  const { promisify } = require('util')
  const { pipeline } = require('stream/promises')
  const { Readable } = require('stream')
  const told = (f) => { try { return f() } catch (error) { return [error.name, error.message, error.code, error.errno] } }
  const toldLater = async (f) => { try { return await f() } catch (error) { return [error.name, error.message, error.code, error.errno] } }
  const collect = async (stream) => { const chunks = []; for await (const chunk of stream) chunks.push(chunk); return Buffer.concat(chunks) }
  const text = 'compression, '.repeat(20000)
  const noise = Buffer.from(Array.from({ length: 200000 }, (_, i) => (i * i * 2654435761) >>> (i % 24)))
`

/** What a piece of code gives in a bot and on Node, through JSON. */
async function compare(code, t) {
  const engine = makeEngine()
  const body = `${HELPERS}; return (async () => { ${code} })()`
  const boot = await engine.boot(`require('http').createServer((req, res) => {
    (async () => { ${body} })().then((value) => res.end(JSON.stringify(value)), (error) => res.end(JSON.stringify({ error: error.stack })))
  }).listen(1)`)
  assert.equal(boot.ok, true, boot.error?.stack)
  const seen = JSON.parse((await engine.event()).body)
  const { createRequire } = await import('node:module')
  const expected = await new Function('require', body)(createRequire(import.meta.url))
  assert.deepEqual(seen, JSON.parse(JSON.stringify(expected)))
  assert.equal(engine.openStreams(), 0)
}

test('what is packed is unpacked, by every format and in every way', () => compare(`
  const results = []
  for (const [pack, unpack] of [['Gzip', 'Gunzip'], ['Deflate', 'Inflate'], ['DeflateRaw', 'InflateRaw'], ['BrotliCompress', 'BrotliDecompress'], ['Gzip', 'Unzip'], ['Deflate', 'Unzip']]) {
    const low = (name) => name[0].toLowerCase() + name.slice(1)
    for (const data of ['', 'x', text, noise]) {
      const options = pack === 'BrotliCompress' ? { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } } : {}
      const sync = zlib[low(pack) + 'Sync'](data, options)
      const later = await promisify(zlib[low(pack)])(data, options)
      const streamed = await collect(Readable.from([Buffer.from(data)]).pipe(zlib['create' + pack](options)))
      const plain = Buffer.from(data)
      results.push([pack, sync.equals(later), sync.length,
        zlib[low(unpack) + 'Sync'](sync).equals(plain), (await promisify(zlib[low(unpack)])(streamed)).equals(plain),
        (await collect(Readable.from([sync.subarray(0, 1), sync.subarray(1)]).pipe(zlib['create' + unpack]()))).equals(plain)])
    }
  }
  return results`))

test('damaged, truncated and joined data gives the errors of Node', () => compare(`
  const gz = zlib.gzipSync(text)
  const damaged = (bytes, at) => { const copy = Buffer.from(bytes); copy[at < 0 ? copy.length + at : at] ^= 1; return copy }
  const cases = [
    () => zlib.gunzipSync(Buffer.from('abc')), () => zlib.gunzipSync(gz.subarray(0, 20)), () => zlib.gunzipSync(damaged(gz, -6)), () => zlib.gunzipSync(damaged(gz, -1)),
    () => zlib.gunzipSync(Buffer.alloc(0)), () => zlib.unzipSync(Buffer.alloc(0)), () => zlib.inflateSync(Buffer.alloc(0)), () => zlib.brotliDecompressSync(Buffer.alloc(0)),
    () => zlib.inflateSync(gz), () => zlib.inflateRawSync(Buffer.from([255, 255])), () => zlib.unzipSync(Buffer.from('xyz')),
    () => zlib.brotliDecompressSync(Buffer.from('hello world not brotli')), () => zlib.brotliDecompressSync(zlib.brotliCompressSync(text).subarray(0, 9)),
    () => zlib.gunzipSync(Buffer.concat([zlib.gzipSync('a'), zlib.gzipSync('b'), Buffer.alloc(9)])).toString(),
    () => zlib.unzipSync(Buffer.concat([zlib.gzipSync('a'), zlib.gzipSync('b')])).toString(),
    () => zlib.gunzipSync(Buffer.concat([zlib.gzipSync('a'), Buffer.from('garbage that follows')])).toString(),
    () => zlib.inflateSync(Buffer.concat([zlib.deflateSync('a'), Buffer.from('garbage')])).toString(),
    () => zlib.gunzipSync(gz.subarray(0, 300), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).length > 100,
    () => zlib.gunzipSync(gz, { maxOutputLength: 1000 }),
    () => zlib.inflateSync(zlib.deflateSync('x', { dictionary: Buffer.from('abc') })), () => zlib.inflateSync(zlib.deflateSync('x', { dictionary: Buffer.from('abc') }), { dictionary: Buffer.from('d') }),
    () => zlib.inflateSync(zlib.deflateSync(text, { dictionary: Buffer.from('compression') }), { dictionary: Buffer.from('compression') }).length,
    () => zlib.inflateRawSync(zlib.deflateRawSync(text, { dictionary: Buffer.from('compression') }), { dictionary: Buffer.from('compression') }).length,
  ]
  const results = cases.map(told)
  for (const unpack of ['createGunzip', 'createUnzip', 'createInflate', 'createBrotliDecompress']) {
    results.push(await toldLater(() => collect(Readable.from([gz.subarray(0, 100), gz.subarray(100, 200)]).pipe(zlib[unpack]()))) instanceof Array)
  }
  results.push(await toldLater(() => pipeline(Readable.from([gz.subarray(0, 100)]), zlib.createGunzip(), async (source) => collect(source))))
  results.push(await toldLater(() => promisify(zlib.gunzip)(damaged(gz, -6))))
  return results`))

test('options are checked as in Node', () => compare(`
  return [() => zlib.gzipSync('x', { level: 22 }), () => zlib.gzipSync('x', { windowBits: 8 }), () => zlib.gzipSync(5), () => zlib.gzipSync('x', { dictionary: 5 }),
    () => zlib.gzipSync('x', { chunkSize: 1 }), () => zlib.brotliCompressSync('x', { params: { 99: 1 } }), () => zlib.brotliCompressSync('x', { params: { 1: 'a' } }),
    () => zlib.gzip('x'), () => zlib.gzipSync('x', { level: 'a' }), () => zlib.gzipSync('x', { level: NaN }).length, () => zlib.gzipSync('x', { level: null }),
    () => new zlib.Gzip({ flush: 99 }), () => zlib.Gzip({ level: 1 }) instanceof zlib.Gzip, () => zlib.deflateRawSync(text, { windowBits: 8 }).length > 0,
    () => zlib.brotliDecompressSync(zlib.brotliCompressSync('x', { params: { 1: 99, 2: 99 } })).toString(), () => zlib.inflateSync(zlib.deflateSync('a', { windowBits: 9 }), { windowBits: 0 }).toString(),
    () => Object.keys(zlib.codes).sort(), () => zlib.codes[-3], () => zlib.Z_MIN_CHUNK, () => Object.keys(zlib).includes('Z_MIN_CHUNK'),
    () => zlib.gunzipSync(zlib.gzipSync('x', { info: true }).buffer).toString(), () => zlib.gzipSync('x', { info: true }).engine.bytesWritten].map(told)`))

test('what is given to be packed at once, and with a callback, is checked as in Node', () => compare(`
  const results = []
  for (const name of ['gzip', 'deflateRaw', 'brotliCompress', 'gunzip']) for (const input of [null, undefined, '', 5, {}, [1]]) results.push(
    await toldLater(() => promisify(zlib[name])(input).then((packed) => name === 'gunzip' ? packed.length : packed.length > 0)), name === 'gunzip' ? 0 : told(() => zlib[name + 'Sync'](input).length > 0))
  for (const value of [-1, 2 ** 32, 1.5, 'x', 2 ** 32 - 1]) results.push(told(() => zlib.crc32('x', value)))
  results.push(told(() => zlib.gunzipSync(zlib.gzipSync(text), { maxOutputLength: 2 ** 32 }).length))
  return results`))

test('a stream is flushed, changed and begun again', () => compare(`
  const gzip = zlib.createGzip()
  const seen = []
  gzip.on('data', (chunk) => seen.push(chunk))
  gzip.write('first')
  await new Promise((resolve) => gzip.flush(resolve))
  const first = zlib.gunzipSync(Buffer.concat(seen), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString()
  await new Promise((resolve) => gzip.params(0, zlib.constants.Z_DEFAULT_STRATEGY, resolve))
  gzip.write(' second')
  await new Promise((resolve) => gzip.flush(zlib.constants.Z_FULL_FLUSH, resolve))
  const both = zlib.gunzipSync(Buffer.concat(seen), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString()
  gzip.end(' third')
  await new Promise((resolve) => gzip.on('end', resolve))
  const deflate = zlib.createDeflate()
  const again = []
  deflate.on('data', (chunk) => again.push(chunk))
  await new Promise((resolve) => deflate.write('lost', resolve)); deflate.reset(); again.length = 0
  deflate.end('kept'); await new Promise((resolve) => deflate.on('end', resolve))
  const closed = zlib.createGunzip()
  const isClosed = new Promise((resolve) => closed.on('close', () => resolve(true)))
  closed.close()
  return [first, both, zlib.gunzipSync(Buffer.concat(seen)).toString(), gzip.bytesWritten, zlib.inflateSync(Buffer.concat(again)).toString(), await isClosed, gzip._closed]`))

test('flushes may follow the last bytes', () => compare(`
  const gzip = zlib.createGzip()
  const packed = []
  gzip.on('data', (chunk) => packed.push(chunk))
  for (const word of ['one ', 'two ', 'three']) {
    gzip.write(word)
    gzip.flush(zlib.constants.Z_PARTIAL_FLUSH)
  }
  gzip.end()
  await new Promise((resolve, reject) => gzip.on('end', resolve).on('error', reject))
  return zlib.gunzipSync(Buffer.concat(packed)).toString()`))

test('a body that grows without end waits for its reader', () => compare(`
  const bomb = zlib.gzipSync(Buffer.alloc(50 << 20))
  const gunzip = zlib.createGunzip()
  gunzip.end(bomb)
  await new Promise((resolve) => gunzip.once('readable', resolve))
  const held = gunzip.readableLength < 1 << 20
  let size = 0
  for await (const chunk of gunzip) size += chunk.length
  return [held, size]`))

test('packages that reach into the binding find it', () => compare(`
  const inflate = new zlib.Inflate({ chunkSize: 65536 })
  const input = zlib.deflateSync(text)
  const chunks = []
  let at = 0
  let left = input.length
  for (;;) {
    const output = Buffer.alloc(inflate._chunkSize)
    inflate._handle.writeSync(zlib.constants.Z_FINISH, input, at, left, output, 0, output.length)
    const [room, after] = inflate._writeState
    chunks.push(output.subarray(0, output.length - room))
    at += left - after
    left = after
    if (room > 0) break
  }
  inflate._handle.close()
  return [Buffer.concat(chunks).toString() === text, chunks.map((chunk) => chunk.length), new zlib.Inflate()._processChunk(input, 4).toString() === text,
    new zlib.Inflate()._outBuffer.length, inflate._outOffset]`))

test('streams of the web compress', () => compare(`
  const through = async (stream, bytes) => Buffer.from(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer())
  const results = []
  for (const format of ['gzip', 'deflate', 'deflate-raw']) {
    const packed = await through(new CompressionStream(format), text)
    results.push((await through(new DecompressionStream(format), packed)).toString() === text)
    results.push(await toldLater(() => through(new DecompressionStream(format), packed.subarray(0, 50))))
  }
  results.push(await toldLater(() => through(new DecompressionStream('gzip'), Buffer.from('nonsense'))))
  return results.map((result) => (result instanceof Array ? 'refused' : result))`))

test('a stream of the top level is begun by the first event that writes to it', async () => {
  const engine = makeEngine()
  const boot = await engine.boot(`const zlib = require('zlib'), made = zlib.createGzip(), begun = zlib.createGzip()
    const table = zlib.gunzipSync(zlib.gzipSync('known at the start')).toString()
    begun.write('half')
    require('http').createServer((req, res) => {
      const chunks = []
      begun.on('error', (error) => chunks.push(error.message))
      begun.write('other half')
      made.on('data', (chunk) => chunks.push(chunk)).on('end', () => res.end(JSON.stringify([table, chunks[0], zlib.gunzipSync(Buffer.concat(chunks.slice(1))).toString()])))
      setTimeout(() => made.end('made early'), 1)
    }).listen(1)`)
  assert.equal(boot.ok, true, boot.error?.stack)
  assert.equal(engine.openStreams(), 0)
  const { body } = await engine.event()
  assert.deepEqual(JSON.parse(body), ['known at the start', 'a stream of zlib ends with the event that began to write to it: make a new one', 'made early'])
  assert.equal(engine.openStreams(), 0)
})

test('fetch asks for packed bodies and unpacks them', () => compare(`
  const http = require('http')
  const gz = zlib.gzipSync(text)
  const br = zlib.brotliCompressSync(text)
  const damaged = Buffer.from(gz)
  damaged[damaged.length - 6] ^= 1
  const bodies = {
    gzip: ['gzip', gz], 'x-gzip': ['X-GZip', gz], br: ['br', br], deflate: ['deflate', zlib.deflateSync(text)], bare: ['deflate', zlib.deflateRawSync(text)],
    both: ['gzip, br', zlib.brotliCompressSync(gz)], short: ['gzip', gz.subarray(0, 30)], 'short br': ['br', br.subarray(0, 9)], nonsense: ['gzip', Buffer.from('nonsense')],
    'nonsense br': ['br', Buffer.from('nonsense nonsense')], damaged: ['gzip', damaged], members: ['gzip', Buffer.concat([gz, gz])], junk: ['gzip', Buffer.concat([gz, Buffer.from('garbage')])],
    'junk br': ['br', Buffer.concat([br, Buffer.from('garbage')])], zip: ['zip', gz], empty: ['gzip', Buffer.alloc(0)], identity: ['identity', gz],
  }
  const asked = []
  const server = http.createServer((req, res) => {
    const body = bodies[decodeURIComponent(req.url.slice(1))]
    asked.push(req.headers['accept-encoding'])
    if (!body) return res.end('plain')
    res.setHeader('Content-Encoding', body[0])
    res.end(body[1])
  })
  await new Promise((resolve) => server.listen(0, resolve))
  const base = 'http://127.0.0.1:' + server.address().port + '/'
  const results = []
  for (const name of Object.keys(bodies)) {
    try {
      const response = await fetch(base + name)
      results.push([name, response.headers.get('content-encoding'), (await response.arrayBuffer()).byteLength])
    } catch (error) {
      results.push([name, error.name, error.message, error.cause?.message, error.cause?.code])
    }
  }
  const head = await fetch(base + 'gzip', { method: 'HEAD' })
  results.push(head.headers.get('content-encoding'), (await head.arrayBuffer()).byteLength)
  await (await fetch(base, { headers: { range: 'bytes=0-1' } })).text()
  await (await fetch(base, { headers: { 'accept-encoding': 'br;q=1' } })).text()
  const streamed = (await fetch(base + 'br')).body.getReader()
  const first = await streamed.read()
  await streamed.cancel()
  results.push(first.value.length > 1000)
  server.close()
  return [results, [...new Set(asked)]]`))

test('zstd packs and unpacks, with its settings and its faults', { skip: !('ZstdCompress' in zlib) && 'this Node has no zstd' }, () => compare(`
  const { constants: c } = zlib
  const packed = zlib.zstdCompressSync(text)
  const damaged = Buffer.from(packed); damaged[0] ^= 1
  const later = await promisify(zlib.zstdCompress)(noise, { params: { [c.ZSTD_c_compressionLevel]: 5, [c.ZSTD_c_checksumFlag]: true } })
  const streamed = await collect(Readable.from([Buffer.from('one'), Buffer.from(' two')]).pipe(zlib.createZstdCompress()))
  const stream = zlib.createZstdCompress()
  const seen = []
  stream.on('data', (chunk) => seen.push(chunk))
  stream.write('flushed')
  await new Promise((resolve) => stream.flush(resolve))
  const isFlushed = Buffer.concat(seen).length > 7
  stream.end(' at once')
  await new Promise((resolve) => stream.on('end', resolve))
  const pledged = (size) => toldLater(() => collect(Readable.from([Buffer.from('12345')]).pipe(zlib.createZstdCompress({ pledgedSrcSize: size }))))
  return [zlib.zstdDecompressSync(packed).toString() === text, zlib.zstdDecompressSync(later).equals(noise),
    (await collect(Readable.from([streamed]).pipe(zlib.createZstdDecompress()))).toString(), isFlushed, zlib.zstdDecompressSync(Buffer.concat(seen)).toString(),
    zlib.zstdDecompressSync(Buffer.concat([packed, Buffer.from('rest')])).length, told(() => zlib.zstdDecompressSync(packed.subarray(0, 20)).length),
    told(() => zlib.zstdDecompressSync(damaged)), told(() => zlib.zstdDecompressSync(packed, { maxOutputLength: 100 })), (await pledged(5)).length, await pledged(4), await pledged(6),
    ...[{ 10000: 0 }, { '0': 0, '00': 0 }, { [c.ZSTD_c_strategy]: 130 }, { [c.ZSTD_c_windowLog]: 'a' }, { [c.ZSTD_c_windowLog]: 5 }].map((params) => told(() => zlib.zstdCompressSync('x', { params }))),
    ...[{ [c.ZSTD_d_windowLogMax]: 1 }, { 7: 1 }].map((params) => told(() => zlib.zstdDecompressSync(packed, { params }))),
    (() => { const dictionary = Buffer.from(text.slice(0, 500)); const small = zlib.zstdCompressSync(text.slice(0, 400), { dictionary }); return [small.length < 40, zlib.zstdDecompressSync(small, { dictionary }).toString() === text.slice(0, 400), told(() => zlib.zstdDecompressSync(small))] })(),
    told(() => zlib.zstdCompressSync('', { flush: 4 })), Object.entries(c).filter(([name]) => name.includes('ZSTD')).sort(), 'ZSTD_COMPRESS' in zlib]`))

test('what cannot be set is refused before anything is packed', () => compare(`
  const { constants: c } = zlib
  return [() => zlib.createBrotliCompress({ params: { 0: 0, '00': 0 } }), () => zlib.createBrotliCompress({ params: { [c.BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING]: 42 } }).bytesWritten,
    () => zlib.createBrotliDecompress({ params: { 5: 1 } }).bytesWritten, () => zlib.createBrotliDecompress({ params: { 1: 1 } }).bytesWritten].map(told)`))

test('settings may change before anything was written, and when there is nothing to change', () => compare(`
  const { constants: c } = zlib
  const all = []
  for (const begin of [(stream, done) => { stream.reset(); done() }, (stream, done) => stream.params(0, c.Z_DEFAULT_STRATEGY, done), (stream, done) => stream.params(9, c.Z_FILTERED, done)]) {
    const [deflate, inflate] = [zlib.createDeflate(), zlib.createInflate()]
    const text = collect(deflate.pipe(inflate))
    await new Promise((resolve) => begin(deflate, resolve))
    await new Promise((resolve) => begin(inflate, resolve))
    deflate.end('abc')
    all.push((await text).toString())
  }
  return all`))

test('no more is handed on than readers have room for', () => compare(`
  const stream = zlib.createGunzip({ readableHighWaterMark: 16384 })
  stream.end(zlib.gzipSync(Buffer.alloc(1 << 20)))
  await new Promise((resolve) => setTimeout(resolve, 50))
  const waiting = stream.readableLength
  const all = await collect(stream)
  return [waiting, all.length, all.every((byte) => byte === 0)]`))
