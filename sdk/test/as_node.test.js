/** What strangers found to differ from Node: the same code here and in a bot, and what each tells. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { makeEngine } from './support/node_engine.js'

const AsyncFunction = (async () => {}).constructor
const TELL = `const told = []
  const tell = async (f) => {
    try { told.push(await f()) } catch (e) { told.push([e.name, e.code, e.message.trimEnd(), Object.keys(e).filter((key) => key !== 'diff'), /TYPE$|LENGTH$/.test(e.code) || String(e).trimEnd()]) }
  }
  const show = (...values) => told.push(require('util').format(...values))\n`

async function inBot(code, options, network) {
  const engine = makeEngine({}, network)
  const boot = await engine.boot(`require('http').createServer((req, res) => {
    (async () => { ${TELL}${code}\nreturn told })().then((value) => res.end(JSON.stringify(value)), (error) => res.end(JSON.stringify({ error: error.stack })))
  }).listen(1)`, options)
  assert.equal(boot.ok, true, boot.error?.stack)
  return JSON.parse((await engine.event()).body)
}

async function same(code, options) {
  const seen = await inBot(code, options)
  const expected = JSON.parse(JSON.stringify(await new AsyncFunction('require', `${TELL}${code}\nreturn told`)(createRequire(import.meta.url))))
  assert.equal(seen.length, expected.length, JSON.stringify(seen))
  for (const [i, value] of expected.entries()) assert.deepEqual(seen[i], value)
}

test('installed files have a time that follows from their content', async () => {
  const code = "const { mtimeMs, mtime } = require('fs').statSync('page.html'); told.push(mtimeMs, mtime.getUTCFullYear(), mtimeMs % 1000)"
  const one = await inBot(code, { files: { '/app/page.html': '100' } })
  const again = await inBot(code, { files: { '/app/page.html': '100' } })
  const other = await inBot(code, { files: { '/app/page.html': '120' } })
  assert.deepEqual(one, again)
  assert.notEqual(one[0], other[0])
  for (const [, year, rest] of [one, other]) assert.ok(year >= 2001 && year <= 2025 && rest === 0)
})

test('a file is no folder', async () => {
  const seen = await inBot(`const fs = require('fs')
    const code = (f) => { try { return f() } catch (e) { return e.message } }
    told.push(...[() => fs.existsSync('f.txt/'), () => fs.readFileSync('f.txt/'), () => fs.readFileSync('f.txt/x'), () => fs.readFileSync('f.txt/x/y'),
      () => fs.statSync('f.txt/'), () => fs.statSync('f.txt/', { throwIfNoEntry: false }) ?? 'none', () => fs.existsSync('./'), () => fs.unlinkSync('f.txt/'),
      () => fs.mkdirSync('f.txt/x', { recursive: true }), () => fs.statSync('d/').isDirectory()].map(code))`, { files: { '/app/f.txt': 'x', '/app/d/e': '' } })
  const not = (call, path) => `ENOTDIR: not a directory, ${call} '${path}'`
  assert.deepEqual(seen, [false, not('open', 'f.txt/'), not('open', 'f.txt/x'), not('open', 'f.txt/x/y'), not('stat', 'f.txt/'), 'none', true,
    not('unlink', 'f.txt/'), not('mkdir', 'f.txt/x'), true])
})

test('%s writes what has its own way of being written', () => same(`
  show('%s', new Date(0)); show('%s|%s|%s|%s', { a: { b: 1 } }, [1, [2]], new (class A { toString() { return 'x' } })(), new Uint8Array(2))
  show('%s|%s|%s', new URL('http://a'), Object.create(null), new Map([[1, { a: 1 }]])); show('%s %s', /x/g, Buffer.from('hi'))
  show('%s %s', { toString: null }, new String('s')); show('%s', { [Symbol.toPrimitive]: () => 'prim' }); show('%s', new (class Q { a = 1 })())
  Error.stackTraceLimit = 0; show('%s', new TypeError('m')); show('%s %s', new Date(NaN), 1); Error.stackTraceLimit = 10`))

test('errors are shown as on Node', () => same(`const limit = Error.stackTraceLimit; Error.stackTraceLimit = 0
  class ValidationError extends Error { constructor(m) { super(m); this.name = 'ValidationError' } }
  class Other extends Error { constructor(m) { super(m); this.name = 'Another' } }
  class AxiosError extends Error { constructor(m) { super(m); this.name = 'AxiosError'; this.code = 'ERR_X'; this.status = 400 } }
  class W extends Error {}
  for (const C of [ValidationError, Other, AxiosError, W, class P extends TypeError { get name() { return 'PP' } }]) { show(new C('m')); show([new C('m')]); show({ e: new C('two\\nlines') }) }
  show(new DOMException('m', 'AbortError')); show(Object.assign(new Error('x'), { code: 1, more: { a: 1 } })); show([Object.assign(new Error('x'), { code: 1 })])
  show(Object.assign(new TypeError('q'), { cause: new Error('c') })); const late = new Error('b'); late.stack; late.name = 'N'; show(late); late.stack = 'own stack'; show(late)
  show(new Error('')); Error.stackTraceLimit = limit`))

test('what has its properties behind accessors is shown with them', () => same(`
  const fd = new FormData(); fd.append('a', 'b'); fd.append('a', 'c'); fd.append('f', new File(['a'], 'f.txt', { lastModified: 5 }))
  for (const value of [new AbortController(), AbortSignal.abort('x'), new Blob(['abc'], { type: 'text/plain' }), fd, new FormData(), new Request('http://a/b', { method: 'POST', body: 'x' }),
    new Response(null, { headers: { a: 'b' } }), new DataView(new ArrayBuffer(3), 1), new TextDecoder(), [new Blob(['x'])], { a: { b: { c: new Headers({ a: '1' }) } } },
    { a: { b: { c: new Blob([]) } } }, { a: { b: { c: { d: new Blob([]) } } } }, new ReadableStream(), new EventTarget()]) show(value)
  told.push(require('util').inspect(new Event('x')).replace(/\\s+/g, ' ').replace(/timeStamp.*/, ''), DOMException.ABORT_ERR, DOMException.DATA_CLONE_ERR, new DOMException('m', 'DataCloneError').code)
  told.push(Object.prototype.toString.call(new DOMException('m')))`))

test('console.table knows maps and sets', async () => {
  const engine = makeEngine()
  await engine.boot(`require('http').createServer((req, res) => { console.table(new Map([['a', 1], ['b', { c: 1 }]])); console.table(new Set([1])); res.end() }).listen(1)`)
  const { logs } = await engine.event()
  assert.equal(logs[0].message.split('\n')[1], '│ (iteration index) │ Key │ Values   │')
  assert.equal(logs[0].message.split('\n')[4], "│ 1                 │ 'b' │ { c: 1 } │")
  assert.equal(logs[1].message.split('\n')[3], '│ 0                 │ 1      │')
})

test('buffers check what they are given', () => same(`const B = Buffer.alloc(4)
  for (const f of [() => B.readUInt8(1.5), () => B.readUInt8(4), () => B.readUInt8('1'), () => B.readUint32BE(1), () => Buffer.alloc(2).readUInt32BE(0), () => B.writeUInt8(256, 0),
    () => B.writeInt8(-129), () => B.writeUInt8(1, 9), () => B.writeInt32LE(2 ** 31), () => B.writeUInt32BE(2 ** 33), () => B.readDoubleLE(0), () => B.readIntBE(0, 7), () => B.readIntBE(0),
    () => B.writeUIntBE(70000, 0, 2), () => B.writeBigInt64LE(1n, 0), () => Buffer.alloc(8).writeBigUInt64LE(-1n, 0), () => Buffer.alloc(3).swap16(), () => Buffer.alloc(3).swap64(),
    () => Buffer.from('abc').lastIndexOf(''), () => Buffer.from('abcb').lastIndexOf('b', -2), () => Buffer.from(Symbol('x')), () => Buffer.from(5), () => Buffer.from({}), () => Buffer.alloc(8).swap64(),
    () => Buffer.alloc('5'), () => B.fill('a', 0, 9), () => B.writeUInt8('1'), () => B.readInt16LE(null), () => B.readUInt8(NaN),
    () => Buffer.compare(1, B), () => B.compare('x'), () => B.copy('x'), () => B.copy(B, -1), () => B.copy(B, 5), () => B.copy(B, 0, 9), () => B.write('a', 1.5), () => B.write('abc', 0, 9),
    () => Buffer.concat([1]), () => B.lastIndexOf({}), () => B.writeUIntLE(1, 0, 0), () => B.readUIntLE(0, 1.5), () => Buffer.alloc(8).writeUIntBE(2 ** 40, 0, 5), () => Buffer.alloc(8).writeIntBE(-(2 ** 40), 0, 5)]) await tell(f)
  const b = Buffer.alloc(8); b.writeIntBE(-5, 1, 5); b.writeUint16LE(513, 6); told.push([...b], b.readIntBE(1, 5), b.readUint16LE(6)); b.writeDoubleBE(1.5); told.push(b.readDoubleBE(), b.readBigInt64LE(0) + '')`))

test('assertions say what Node says', () => same(`const assert = require('assert'), EE = require('events')
  const more = async (f) => { await tell(f); try { f() } catch (e) { told.push(e.operator ?? 0, e.generatedMessage ?? 0, e.stack.split('\\n')[0]) } }
  for (const f of [() => assert.strictEqual(1, 2), () => assert.strictEqual('a', 'b'), () => assert.equal(1, 2), () => assert.notEqual(1, 1), () => assert.notStrictEqual(1, 1), () => assert.ok(false, 'msg'),
    () => assert(), () => assert.fail(), () => assert.fail('f'), () => assert.throws(() => {}), () => assert.match('a', /b/), () => assert.ifError(new Error('q')), () => assert.deepStrictEqual({ a: 1 }, { a: 2 }),
    () => assert.deepEqual([1], [2]), () => assert.strictEqual(1)]) await more(f)
  for (const value of ['str', undefined, { a: 1 }, null]) await tell(() => new EE().emit('error', value))`))

test('arguments are checked as on Node', () => same(`const http = require('http'), util = require('util'), crypto = require('crypto')
  await tell(() => { new FormData().append('x', 'y', 'z') }); for (const method of ['TRACE', 'b ad']) await tell(() => new Request('http://a', { method }).method)
  for (const ms of [-1, 'x', 1.5]) await tell(() => AbortSignal.timeout(ms)); await tell(() => http.request({ method: 'b ad' })); await tell(() => http.request({ method: 5 }))
  await tell(() => Response.json(undefined)); const r = new Response('abc'); await r.body.cancel(); told.push(r.bodyUsed)
  await tell(() => crypto.timingSafeEqual('abc', 'abc')); await tell(() => crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('ab')))
  told.push(util.parseArgs({ args: ['--no-color', '--x=1'], options: { color: { type: 'boolean' }, x: { type: 'string' } }, allowNegative: true }).values)
  await tell(() => util.parseArgs({ args: ['--no-color'], options: { color: { type: 'boolean' } } }))
  await tell(() => fetch('/rel')); await tell(() => new Request('/rel')); await fetch('/rel').catch(({ cause }) => told.push([cause.code, cause.message]))`))

test('what one thread can have of many', () => same(`const vm = require('vm'), { createHistogram } = require('perf_hooks')
  told.push(process.kill(process.pid, 0), new vm.Script('1+1').runInThisContext(), typeof vm.constants.DONT_CONTEXTIFY)
  const h = createHistogram(); h.record(5); h.record(10); told.push([h.min, h.max, h.mean, h.count, h.stddev, h.percentile(50), h.percentile(100)])
  const cells = new Int32Array(new SharedArrayBuffer(8)); told.push([Atomics.add(cells, 0, 5), Atomics.load(cells, 0), Atomics.wait(cells, 0, 0), Atomics.wait(cells, 0, 5, 2), Atomics.notify(cells, 0), Atomics.compareExchange(cells, 0, 5, 7), cells[0]])
  await new Promise((ok) => { const a = new BroadcastChannel('n'), b = new BroadcastChannel('n'); b.onmessage = (e) => { told.push(e.data); a.close(); b.close(); ok() }; a.postMessage({ q: 1 }) })`))

test('a missing module is an ERR_MODULE_NOT_FOUND, and namespaces are shown as such', async () => {
  const seen = await inBot(`const load = require('roost/modules').importOf('/app/app.js'); const { inspect } = require('util')
    for (const name of ['./nope.mjs', 'nope']) await load(name).catch((e) => told.push(e.code, e.stack.split('\\n')[0].slice(0, 60)))
    const space = await load('./a.json'); told.push(inspect(space), Object.prototype.toString.call(space))`, { files: { '/app/a.json': '{"b":1}' } })
  assert.deepEqual(seen, ['ERR_MODULE_NOT_FOUND', "Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/app/nope.", 'ERR_MODULE_NOT_FOUND',
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find module 'nope'. It ", '[Module: null prototype] { b: 1, default: { b: 1 } }', '[object Module]'])
})

test('fetch tells the length of the body that it sends, and of no other', async () => {
  const seen = []
  const engine = makeEngine({}, (request) => { seen.push(request); return { status: 200, headers: [], body: 'ok' } })
  await engine.boot(`require('http').createServer(async (req, res) => {
    const headers = { 'content-length': '99' }
    await fetch('https://a.example/', { headers })
    await fetch('https://a.example/', { method: 'POST', headers, body: 'four' })
    res.end() }).listen(1)`)
  await engine.event()
  assert.deepEqual(seen.map(({ headers }) => [...headers].filter((_, i) => headers[i - 1] === 'content-length')), [[], ['4']])
})

test('a port of this address on which no server of the bot listens is asked of the host', async () => {
  const seen = []
  const code = `await fetch('http://127.0.0.1:5999/x').then((r) => r.text(), (e) => [e.message, e.cause.code, Object.keys(e.cause)]).then((v) => told.push(v))`
  assert.deepEqual(await inBot(code, {}, (request) => { seen.push(request.authority); return { status: 200, body: 'near' } }).catch((error) => [error.message]), ['near'])
  assert.deepEqual(seen, ['127.0.0.1:5999'])
  const [told] = await inBot(code, {}, () => { throw { payload: { tag: 'HTTP-request-denied' } } }) // eslint-disable-line no-throw-literal
  assert.deepEqual(told, ['Roost does not let this bot reach 127.0.0.1:5999', 'EACCES', ['errno', 'code', 'syscall']])
})

test('random bytes are asked for within the lengths that Node takes', () => same(`const c = require('crypto')
  for (const size of [2 ** 31, 2 ** 33, -1, NaN, '1', null]) await tell(() => c.randomBytes(size))
  await tell(() => c.randomBytes(1, 2)); await tell(() => [c.randomBytes(1.7).length, c.randomBytes(0).length])
  const bytes = Buffer.alloc(4), words = new Uint32Array(2)
  for (const [target, ...rest] of [[bytes, 5], [bytes, -1], [bytes, '1'], [bytes, null], [bytes, 1, 4], [bytes, 0, -1], [bytes, 0, 2 ** 33], [bytes, 0, NaN],
    [words, 3], [words, 1, 2], ['x'], [null]]) await tell(() => c.randomFillSync(target, ...rest))
  await tell(() => { c.randomFillSync(words, 1, 1); return [words[0], words[1] !== 0, c.randomFillSync(bytes, 4).length] })
  await tell(() => c.randomFill(bytes)); await tell(() => c.randomFill(bytes, 9, () => {}))
  await tell(() => new Promise((resolve) => c.randomFill(bytes, (error, filled) => resolve([error, filled === bytes]))))
  for (const length of [65536, 65537]) await tell(() => crypto.getRandomValues(new Uint8Array(length)).length)`))

test('a file is opened as its flags say: by bits and by text, with rights', () => same(`const fs = require('fs')
  const folder = fs.mkdtempSync('/tmp/flags-')
  const path = folder + '/f'
  const c = fs.constants
  const say = async (f) => { try { told.push(await f()) } catch (e) { told.push([e.name, e.code, e.syscall, e.message.replaceAll(folder, '')]) } }
  const fresh = () => { fs.rmSync(path, { force: true }); fs.writeFileSync(path, 'abcdef') }
  const use = (flags, mode) => { const fd = fs.openSync(path, flags, mode); try { fs.writeSync(fd, 'XY'); return fs.readFileSync(path, 'utf8') } finally { fs.closeSync(fd) } }
  const read = (flags) => { const fd = fs.openSync(path, flags); try { return fs.readSync(fd, Buffer.alloc(9)) } finally { fs.closeSync(fd) } }
  const all = ['r', 'rs', 'sr', 'r+', 'rs+', 'sr+', 'w', 'wx', 'xw', 'w+', 'wx+', 'xw+', 'a', 'ax', 'xa', 'as', 'sa', 'a+', 'ax+', 'xa+', 'as+', 'sa+', 'q', '', 'rw', {}, 1.5, null, undefined,
    c.O_RDWR, c.O_WRONLY, c.O_WRONLY | c.O_TRUNC, c.O_RDWR | c.O_APPEND, c.O_WRONLY | c.O_CREAT, c.O_RDWR | c.O_CREAT | c.O_EXCL, c.O_EXCL | c.O_RDWR, c.O_CREAT | c.O_TRUNC, c.O_DIRECTORY, c.O_NOFOLLOW]
  for (const flags of all) {
    fresh(); await say(() => use(flags)); await say(() => read(flags)); await say(() => fs.readFileSync(path, { flag: flags, encoding: 'utf8' }))
    fresh(); await say(() => { fs.writeFileSync(path, 'zz', { flag: flags }); return fs.readFileSync(path, 'utf8') })
    fs.rmSync(path, { force: true }); await say(() => use(flags)); await say(() => read(flags))
    await say(() => fs.closeSync(fs.openSync(folder, flags)))
  }
  for (const mode of [0o600, '700', 0o777, undefined, null, '9', -1, 1.5, {}]) {
    fs.rmSync(path, { force: true }); await say(() => { use('w', mode); return fs.statSync(path).mode })
    fs.rmSync(path, { force: true }); await say(() => { fs.writeFileSync(path, '', { mode }); return fs.statSync(path).mode })
  }
  fresh(); await say(() => new Promise((resolve) => fs.open(path, c.O_CREAT | c.O_EXCL, (error) => resolve([error.code, error.syscall, error.errno]))))
  await say(() => fs.promises.open(path, 'wx'))
  await say(async () => { const handle = await fs.promises.open(folder + '/g', c.O_RDWR | c.O_CREAT | c.O_EXCL, 0o600); await handle.close(); return fs.statSync(folder + '/g').mode })
  await say(() => fs.open(path, 'nope', () => {}))
  told.push(Object.entries(c).filter(([name]) => !name.startsWith('EXTENSIONLESS')))`))

test('a worker of code given as text runs, with globals of its own', () => same(`const { Worker, isMainThread } = require('worker_threads')
  const hear = (code, messages = [], options = {}, lasts = messages.length) => new Promise((resolve) => {
    const heard = []
    const worker = new Worker(code, { eval: true, ...options })
    worker.on('error', (error) => heard.push(['error', error.name, error.message]))
    worker.on('message', (message) => { heard.push(message); if (heard.length === lasts) worker.terminate() })
    worker.on('exit', (status) => resolve([...heard, status]))
    for (const message of messages) worker.postMessage(message)
  })
  // As fflate writes its workers: names that nobody declared, and globals' names given anew.
  const shim = ";var __w=require('worker_threads');__w.parentPort.on('message',function(m){onmessage({data:m})}),postMessage=function(m,t){__w.parentPort.postMessage(m,t)},close=process.exit;self=global"
  const code = 'u8z=Uint8Array;half=function(d){return new u8z([d[0]/two])};onmessage=function(e){for(var k in e.data)self[k]=e.data[k];onmessage=function(ev){if(ev.data[0][0]>9)throw new RangeError("large");postMessage(half(ev.data[0]))}}' + shim
  told.push((await hear(code, [{ two: 2 }, [new Uint8Array([8])]], {}, 1)).map((one) => one.length ?? one))
  told.push(await hear(code, [{ two: 2 }, [new Uint8Array([10])]], {}, 9), typeof u8z, typeof half, typeof globalThis.onmessage)
  told.push(await hear('const { parentPort: p, workerData, isMainThread, threadId } = require("node:worker_threads"); p.on("message", (m) => p.postMessage([m, workerData, isMainThread, threadId > 0]))', [1, { a: 2 }], { workerData: { w: 1 } }))
  told.push(await hear('Array = 1; process.exit(3); unreached()'), Array.isArray([]), await hear('null.x'), await hear('1'), isMainThread)`))

test('texts are put in columns by what they take on a screen', () => same(`const u = require('util')
  show('%O', ['日本語', '日', '한국어', 'é', 'e\\u0301', '👍', 'x', 'ab', '中文字', 'y', 'z', 'w', 'v', 'q'])
  told.push(u.inspect(['日本', '日', '한국어', 'é', '👨\\u200d👩\\u200d👧', '👍🏽', 'x\\u00ad', 'ab', '中文字'], { colors: true }), u.inspect(Array.from({ length: 30 }, (_, i) => i * 37)))
  const { Console } = require('console'); const { Writable } = require('stream')
  let written = ''; const table = new Console(new Writable({ write(chunk, encoding, done) { written += chunk; done() } }))
  table.table([{ a: '日本', b: 'e\\u0301x', c: '👍' }, { a: 'x', ключ: 1, 名前: 2 }]); table.table(['Ａ', '　', 'ﾊﾝｶｸ', 'e\\u200dx', '\\u200b', '\\u1112\\u1161\\u11ab'])
  told.push(written)`))

test('a class whose name has its tag is shown by the name, as on Node 22', async () => {
  const seen = await inBot(`const c = require('crypto')
    const { publicKey, privateKey } = c.generateKeyPairSync('ed25519')
    class Foo { get [Symbol.toStringTag]() { return 'Bar' } }
    class ItsBar extends Foo {}
    class FooBars extends Foo {}
    show(c.createSecretKey(Buffer.alloc(16)), { a: { b: { c: { publicKey } } } }, publicKey, privateKey); show(new Foo(), new ItsBar(), new FooBars())
    const bad = new Response(new Blob([new Uint8Array(9)]).stream().pipeThrough(new DecompressionStream('gzip')))
    await bad.arrayBuffer().catch((error) => told.push([error.name, error.code, error.message, error.cause.message, error.cause.errno]))`)
  assert.deepEqual(seen, [
    "SecretKeyObject { [Symbol(kKeyType)]: 'secret' } { a: { b: { c: [Object] } } } PublicKeyObject { [Symbol(kKeyType)]: 'public' } PrivateKeyObject { [Symbol(kKeyType)]: 'private' }",
    'Foo [Bar] {} ItsBar {} FooBars [Bar] {}',
    ['TypeError', 'Z_DATA_ERROR', '', 'incorrect header check', -3],
  ])
})
