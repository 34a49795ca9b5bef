/** Node's modules and globals, compared with Node itself where that is possible. */
import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync, scryptSync } from 'node:crypto'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import util from 'node:util'
import { makeEngine } from './support/node_engine.js'

/** What an expression gives in a bot, through JSON. */
async function evaluate(code, options) {
  const engine = makeEngine()
  const boot = await engine.boot(`require('http').createServer((req, res) => {
    (async () => { ${code} })().then((value) => res.end(JSON.stringify(value)), (error) => res.end(JSON.stringify({ error: error.stack })))
  }).listen(1)`, options)
  assert.equal(boot.ok, true, boot.error?.stack)
  return JSON.parse((await engine.event()).body)
}

const URLS = [['https://user:p%40ss@EXAMPLE.com:443/a/./b/../c%20d?x=1&y=é#frag ment'], ['../x?y=1', 'https://a.b/c/d/e'], ['//host/p', 'http://a/'],
  ['?q', 'http://a/b?c#d'], ['#f', 'http://a/b?c'], ['http://[2001:db8::1]:8080/'], ['http://0x7f.1/'], ['http://256.1.1.1/'], ['mailto:a@b.c?d'],
  ['file:///a/../b'], ['http://a b/'], ['http://a.com:99999/'], ['data:text/plain,hi there'], ['\t http://x.y/z \n'], ['http:\\\\a\\b'], ['nope'],
  ['http://münchen.de/ä'], ['http://a/%zz?%zz'], ['//a', 'file:///b'], ['http://a?b'], ['http://EXAMPLE.com.:80'], ['a:b', 'http://c'], ['', 'http://a/b?c#d']]

test('URL agrees with Node', async () => {
  const names = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash']
  const describe = (URL) => URLS.map((args) => {
    try {
      const url = new URL(...args)
      return names.map((name) => url[name])
    } catch (error) {
      return error.code
    }
  })
  const seen = await evaluate(`const names = ${JSON.stringify(names)}; return (${JSON.stringify(URLS)}).map((args) => {
    try { const url = new URL(...args); return names.map((name) => url[name]) } catch (error) { return error.code } })`)
  const expected = describe(URL)
  for (const [i, args] of URLS.entries()) assert.deepEqual(seen[i], expected[i], JSON.stringify(args))
})

test('URLSearchParams agrees with Node', async () => {
  const code = `const p = new URLSearchParams('a=1&b=%20+&a=2&c=é&=x&y'); p.append('z', "~!'()*-._ &="); p.delete('b'); p.set('a', '3'); p.sort()
    const u = new URL('http://a/?x=1'); u.searchParams.append('y', '2 3'); return [p.toString(), [...p], u.href, p.size, p.has('a', '3')]`
  assert.deepEqual(await evaluate(code), new Function(code)())
})

const VALUES = `[{ a: [1, { b: { c: { d: 1 } } }] }, new Map([['x', { y: 1 }]]), new Set([1, 'b']), [undefined, null, -0, 10n, Symbol('s')], 'it\\'s',
  [, 1, , ,], function named() {}, class A {}, class B extends Map {}, new Date(0), /x/gi, Buffer.from('hi'), new Uint8Array(3), { get a() { return 1 }, set b(x) {} },
  { [Symbol('k')]: 1, 'a-b': 2 }, Object.create(null), new (class Foo { x = 1 })(), 'a\\nb', [['a', ['b', ['c', ['d']]]]], { f() {}, g: () => {} },
  Promise.resolve(1), new Error('x').message, [1.5, 'two', true], Object.assign(() => {}, { p: 1 }), { long: 'x'.repeat(100), list: [1, 2, 3] },
  Array.from({ length: 120 }, (_, i) => i), new Proxy({ a: 1 }, {}), new WeakMap(), new Boolean(true), (() => { const o = { n: 1 }; o.self = o; return o })()]`

test('util.inspect agrees with Node', async () => {
  const seen = await evaluate(`return ${VALUES}.map((value) => require('util').inspect(value))`)
  const expected = new Function('Buffer', `return ${VALUES}`)(Buffer).map((value) => util.inspect(value))
  // Whether a promise is settled is the engine's to know; the fake does not.
  for (const [i, text] of expected.entries()) if (!text.startsWith('Promise')) assert.equal(seen[i], text)
})

test('util.format agrees with Node', async () => {
  const calls = [['%s %d %i %f %j %%', 'a', '1.5', '1.5', '1.5', { a: 1 }], ['%s', null, 2, 'x'], ['a', { b: 1 }], [1, 'b'], ['%O', { a: { b: { c: {} } } }], ['%x %s']]
  assert.deepEqual(await evaluate(`return ${JSON.stringify(calls)}.map((args) => require('util').format(...args))`), calls.map((args) => util.format(...args)))
})

test('digests and key derivation agree with Node', async () => {
  const seen = await evaluate(`const c = require('crypto')
    return [...['md5', 'sha1', 'sha256', 'sha384', 'sha512'].map((name) => c.createHash(name).update('é').digest('hex')),
      c.createHmac('sha256', 'key').update('a').update(Buffer.from('b')).digest('base64'),
      c.pbkdf2Sync('p', 's', 3, 20, 'sha512').toString('hex'), c.scryptSync('p', 's', 16, { N: 16 }).toString('hex'),
      Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from('é'))).toString('hex')]`)
  assert.deepEqual(seen, [...['md5', 'sha1', 'sha256', 'sha384', 'sha512'].map((name) => createHash(name).update('é').digest('hex')),
    createHmac('sha256', 'key').update('ab').digest('base64'), pbkdf2Sync('p', 's', 3, 20, 'sha512').toString('hex'),
    scryptSync('p', 's', 16, { N: 16 }).toString('hex'), createHash('sha256').update('é').digest('hex')])
})

test('Buffer agrees with Node', async () => {
  const code = `const b = Buffer.from('héllo €😀'); const hex = (x) => Buffer.from(x).toString('hex')
    return [b.toString('base64'), b.toString('hex'), b.toString('latin1'), b.toString('ascii'), b.toString('utf16le'), b.toString('base64url'), b.length,
      Buffer.from('aGk', 'base64').toString(), Buffer.from('-_8', 'base64url').toString('hex'), Buffer.from('abc0g', 'hex').length, Buffer.from('é', 'latin1').length,
      Buffer.byteLength('€'), Buffer.concat([b, Buffer.alloc(2)], 5).toString('hex'), b.indexOf('€'), b.indexOf(Buffer.from('lo')), b.includes('xyz'), b.lastIndexOf('l'),
      b.slice(-4).toString(), b.subarray(1, 3).toString('hex'), b.write('XY', 1), b.toString('utf8', 0, 4), Buffer.alloc(5, 'ab').toString(), b.readUInt32BE(0), b.readInt16LE(2),
      JSON.stringify(Buffer.from('a')), Buffer.compare(Buffer.from('a'), Buffer.from('b')), Buffer.from([257, -1, 3.9]).toString('hex'), b.equals(Buffer.from(b)),
      b.latin1Slice(0, 3), b.utf8Write('zz', 0, 1), hex(b.swap16 ? Buffer.from([1, 2]).swap16() : []), Buffer.isBuffer(b.subarray(1)), Buffer.from('ÿ', 'binary')[0]]`
  assert.deepEqual(await evaluate(code), JSON.parse(JSON.stringify(new Function('Buffer', code)(Buffer))))
})

test('querystring, path and the old url parser agree with Node', async () => {
  const code = `const q = require('querystring'); const u = require('url'); const p = require('path')
    return [q.parse('a=1&a=2&b=%20+x&c&=d&e=%zz'), q.stringify({ a: [1, 2], b: 'é ', c: true, d: null }), u.parse('http://u:p@h.com:8/p/a?q=1#h').path,
      u.parse('/a?b=c', true).query.b, u.resolve('http://a/b/c', '../d'), u.format({ protocol: 'http', host: 'a', pathname: '/b' }), u.fileURLToPath('file:///a%20b'),
      p.join('/a', '..', 'b'), p.extname('x.tar.gz'), p.relative('/a/b', '/a/c/d')]`
  const { createRequire } = await import('node:module')
  assert.deepEqual(await evaluate(code), JSON.parse(JSON.stringify(new Function('require', code)(createRequire(import.meta.url)))))
})

test('unknown modules say what to do', async () => {
  const seen = await evaluate(`return ['node:foo', 'lodash', 'bindings', './build/x.node', 'child_process'].map((name) => {
    try { const m = module.require(name); m.exec('ls') } catch (error) { return [error.code, error.message.split(/[.;:] /)[0]] } })`)
  assert.deepEqual(seen, [
    ['ERR_UNKNOWN_BUILTIN_MODULE', 'No such built-in module'],
    ['MODULE_NOT_FOUND', "Cannot find module 'lodash'"],
    ['ERR_DLOPEN_FAILED', '"bindings" loads a native add-on, and machine code cannot run in Roost'],
    ['ERR_DLOPEN_FAILED', '"./build/x.node" loads a native add-on, and machine code cannot run in Roost'],
    ['ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'child_process.exec is not available in Roost'],
  ])
})

test('files of the bundle can be read, and /tmp written', async () => {
  const seen = await evaluate(`const fs = require('fs'); fs.writeFileSync('/tmp/a', 'x'); fs.appendFileSync('/tmp/a', 'y'); fs.mkdirSync('/tmp/d/e', { recursive: true })
    const chunks = []; for await (const chunk of fs.createReadStream('/tmp/a')) chunks.push(String(chunk))
    let missing; try { fs.readFileSync('/nope') } catch (error) { missing = [error.code, error.errno, error.message] }
    return [fs.readFileSync('data/hello.txt', 'utf8'), await fs.promises.readFile('/tmp/a', 'utf8'), chunks, fs.readdirSync('/tmp'), fs.statSync('/tmp/d').isDirectory(), missing,
      fs.existsSync('/app/none')]`, { files: { 'data/hello.txt': 'hello' } })
  assert.deepEqual(seen, ['hello', 'xy', ['xy'], ['a', 'd'], true, ['ENOENT', -2, "ENOENT: no such file or directory, open '/nope'"], false])
})

test('web streams, forms, clones and channels work together', async () => {
  const seen = await evaluate(`
    const form = new FormData(); form.append('a', 'b'); form.append('f', new Blob(['hey']), 'x.txt')
    const back = await new Response(form).formData()
    let text = ''; for await (const part of new Response('hello').body.pipeThrough(new TextDecoderStream())) text += part
    const channel = new MessageChannel()
    const heard = new Promise((resolve) => { channel.port1.onmessage = (event) => resolve(event.data) })
    channel.port2.postMessage({ a: new Map([[1, 2]]) })
    const abort = await fetch('https://x.example', { signal: AbortSignal.abort() }).catch((error) => error.name)
    const { gzipSync, gunzipSync } = require('zlib')
    return [back.get('a'), await back.get('f').text(), back.get('f').name, text, (await heard).a.get(1), abort, gunzipSync(gzipSync('zip')).toString()]`)
  assert.deepEqual(seen, ['b', 'hey', 'x.txt', 'hello', 2, 'AbortError', 'zip'])
})

test('globals and classes of modules have the names that they are known by', async () => {
  const engine = makeEngine()
  await engine.boot(`
    const modules = { http: require('http'), https: require('https'), stream: require('stream'), events: require('events'), async_hooks: require('async_hooks'), perf_hooks: require('perf_hooks'), url: require('url') }
    require('http').createServer((req, res) => {
      const wrong = []
      for (const [owner, names] of [[globalThis, Object.getOwnPropertyNames(globalThis)], ...Object.values(modules).map((module) => [module, Object.keys(module)])]) {
        for (const name of names) if (/^[A-Z]/.test(name) && typeof owner[name] === 'function' && owner[name].name !== name) wrong.push(name + ' is ' + owner[name].name)
      }
      res.end(JSON.stringify([wrong, new AbortController().signal.constructor.name, new URL('http://a').constructor.name, performance instanceof Performance]))
    }).listen(3000)
  `)
  // Of the fake engine alone: QuickJS has a DOMException of its own.
  const [wrong, ...rest] = JSON.parse((await engine.event()).body)
  assert.deepEqual([wrong.filter((text) => !/^DOMException/.test(text)), ...rest], [[], 'AbortSignal', 'URL', true])
})

test('an observer of performance hears of marks and measures', async () => {
  const engine = makeEngine()
  await engine.boot(`
    require('http').createServer((req, res) => {
      new PerformanceObserver((list) => res.end(list.getEntries().map((entry) => entry.constructor.name + ' ' + entry.name).join())).observe({ entryTypes: ['mark', 'measure'] })
      performance.mark('a')
      performance.measure('a to now', 'a')
    }).listen(3000)
  `)
  assert.equal((await engine.event()).body, 'PerformanceMark a,PerformanceMeasure a to now')
})

test('undici sends by the host', async () => {
  const seen = []
  const engine = makeEngine({}, (request) => {
    seen.push(`${request.method} ${request.authority}${request.path} ${request.body}`)
    if (request.path === '/moved') return { status: 302, headers: ['location', '/there'] }
    return { status: request.path === '/gone' ? 410 : 200, headers: ['content-type', 'application/json', 'set-cookie', 'a=1', 'x-two', '1', 'x-two', '2'], body: '{"ok":true}' }
  })
  const boot = await engine.boot(`
    const undici = require('undici')
    require('http').createServer(async (req, res) => {
      const out = []
      const first = await undici.request('https://api.example/a?b=1', { query: { c: 'd e' } })
      out.push([first.statusCode, first.headers['set-cookie'], first.headers['x-two'], await first.body.json()])
      const pool = new undici.Pool('https://api.example')
      out.push(await (await pool.request({ path: '/b', method: 'POST', body: JSON.stringify({ x: 1 }), headers: { 'content-type': 'application/json' } })).body.text())
      undici.setGlobalDispatcher(new undici.Agent({ connect: { timeout: 1 } }).compose(undici.interceptors.redirect({ maxRedirections: 2 })))
      out.push((await undici.request('https://api.example/moved')).statusCode)
      let text = ''
      await undici.stream('https://api.example/s', { method: 'GET' }, () => new (require('stream').Writable)({ write(chunk, encoding, done) { text += chunk; done() } }))
      out.push(text)
      out.push(await undici.request('https://api.example/gone', { throwOnError: true }).catch((error) => [error.name, error.statusCode, error.body]))
      out.push(await undici.request('https://api.example/x', { signal: AbortSignal.abort() }).catch((error) => error.name))
      out.push(await (await undici.fetch('https://api.example/f', { dispatcher: pool })).json())
      try { new undici.ProxyAgent('http://proxy') } catch (error) { out.push(error.message) }
      res.end(JSON.stringify(out))
    }).listen(3000)
  `)
  assert.equal(boot.ok, true, boot.error?.stack)
  const { body, failure } = await engine.event()
  assert.equal(failure, undefined)
  assert.deepEqual(JSON.parse(body), [
    [200, ['a=1'], ['1', '2'], { ok: true }], '{"ok":true}', 200, '{"ok":true}', ['ResponseStatusCodeError', 410, { ok: true }], 'AbortError', { ok: true },
    'undici.ProxyAgent is not available in Roost. Requests go out through the host: leave the proxy away.',
  ])
  assert.deepEqual(seen, ['GET api.example/a?b=1&c=d+e ', 'POST api.example/b {"x":1}', 'GET api.example/moved ', 'GET api.example/there ',
    'GET api.example/s ', 'GET api.example/gone ', 'GET api.example/f '])
})

test('the old url module writes a query as Node does', async () => {
  const code = `const u = require('url')
    return [u.format({ protocol: 'https', host: 'a.b', pathname: '/x y', query: { a: 1, b: [2, 3], c: 'ç &' } }), u.format({ query: {} }), u.parse('/a?x=1&x=2', true).query.x]`
  const { createRequire } = await import('node:module')
  assert.deepEqual(await evaluate(code), JSON.parse(JSON.stringify(new Function('require', code)(createRequire(import.meta.url)))))
})

test('what is put into process.env is text', async () => {
  const seen = await evaluate(`process.env.N = 1; process.env.U = undefined; Object.assign(process.env, { B: true }); Object.defineProperty(process.env, 'D', { value: 2, configurable: true, enumerable: true, writable: true })
    let symbol; try { process.env.S = Symbol('x') } catch (error) { symbol = error.name }
    delete process.env.B
    return [process.env.N, process.env.U, process.env.D, 'B' in process.env, symbol, { ...process.env }.N]`)
  assert.deepEqual(seen, ['1', 'undefined', '2', false, 'TypeError', '1'])
})

test('a file of variables is read as Node reads it', async () => {
  const text = 'A=1\n# no\nB="two\\nlines"\nexport C=\'$x # y\'\nD= plain # comment\nE=\nF=`a "b"`\nG="more\nthan one"\nH.I=x\n'
  assert.deepEqual(await evaluate(`return require('util').parseEnv(${JSON.stringify(text)})`), { ...util.parseEnv(text) })
  const loaded = await evaluate(`require('fs').writeFileSync('/tmp/env', 'OLD=2\\nNEW=3'); process.env.OLD = 1; process.loadEnvFile('/tmp/env'); return [process.env.OLD, process.env.NEW]`)
  assert.deepEqual(loaded, ['1', '3'])
})

test('a decoder of base64url keeps what a piece leaves over', async () => {
  const code = `const { StringDecoder } = require('string_decoder'); const d = new StringDecoder('base64url')
    return [d.write(Buffer.from([0xfb])), d.write(Buffer.from([0xff, 0xfe, 0xfd])), d.end()].join('')`
  assert.equal(await evaluate(code), Buffer.from([0xfb, 0xff, 0xfe, 0xfd]).toString('base64url'))
})

test('text in the encodings from before Unicode is read, in one piece and in many', async () => {
  const samples = {
    'windows-1251': ['cff0e8e2e5f2', 'Привет'], 'koi8-r': ['f0d2c9d7c5d4', 'Привет'], cp866: ['8fe0a8a2a5e2', 'Привет'], 'iso-8859-9': ['feddf0', 'şİğ'],
    latin2: ['b1e6ea', 'ąćę'], 'windows-1253': ['e1e2e3', 'αβγ'], 'iso-8859-15': ['a4', '€'], 'windows-1256': ['d3e1c7e3', 'سلام'],
    Shift_JIS: ['82b182f182c982bf82cd', 'こんにちは'], 'euc-jp': ['a4b3a4f3a4cba4c1a4cf', 'こんにちは'], 'iso-2022-jp': ['1b2442243324731b284261', 'こんa'],
    gb2312: ['c4e3bac3', '你好'], gb18030: ['94328f34818130b1a1', null], big5: ['a741a66e', '你好'], 'euc-kr': ['bec8b3e7', '안녕'], 'utf-16be': ['00e92603', 'é☃'],
  }
  const code = `const out = {}
    for (const [label, hex] of ${JSON.stringify(Object.entries(samples).map(([label, [hex]]) => [label, hex]))}) {
      const bytes = Buffer.from(hex, 'hex'); const pieces = new TextDecoder(label)
      out[label] = [new TextDecoder(label).decode(bytes), [...bytes].map((byte) => pieces.decode(Uint8Array.of(byte), { stream: true })).join('') + pieces.decode()]
    }
    const failed = (run) => { try { return run() } catch (error) { return [error.name, error.code] } }
    return [out, new TextDecoder('sjis').encoding, failed(() => new TextDecoder('euc-kr', { fatal: true }).decode(Uint8Array.of(0xff))), failed(() => new TextDecoder('utf-7'))]`
  const [out, name, broken, unknown] = await evaluate(code)
  for (const [label, [hex, text]] of Object.entries(samples)) {
    const expected = text ?? new TextDecoder(label).decode(Buffer.from(hex, 'hex'))
    assert.deepEqual(out[label], [expected, expected], label)
  }
  assert.deepEqual([name, broken, unknown], ['shift_jis', ['TypeError', 'ERR_ENCODING_INVALID_ENCODED_DATA'], ['RangeError', 'ERR_ENCODING_NOT_SUPPORTED']])
})

test('paths of Windows agree with Node, and patterns', async () => {
  const code = String.raw`const { win32, posix } = path; const tell = (run) => { try { return run() } catch (error) { return [error.code, error.message] } }
    return [win32.join('C:\\a', '..', 'b/c'), win32.resolve('C:\\a', '\\b'), win32.relative('C:\\a\\b', 'C:\\a\\c'), win32.parse('C:\\x\\y.tar.gz'), win32.basename('a\\b.txt', '.txt'),
      win32.isAbsolute('C:/x'), win32.normalize('//server/share/../x'), win32.dirname('C:\\a\\b'), win32.format({ dir: 'C:\\a', name: 'b', ext: 'c' }), posix === path, posix.win32 === win32,
      win32.toNamespacedPath('C:\\a'), posix.format({ name: 'a', ext: 'b' }), tell(() => posix.join(1))]`
  assert.deepEqual(await evaluate(`const path = require('path'); ${code}`), JSON.parse(JSON.stringify(new Function('path', code)(path))))
  const patterns = ['*', '**', '*.js', 'a/**', '**/*.js', '{a,x}.js', 'a/{b,c}.js', 'a{1..3}', '[!a]*', '?', '@(a|b)', '!(a)', '.*']
  const paths = ['a', 'a.js', '.a.js', 'a/b.js', 'a/b/c.js', 'a2', 'b', 'x.js', 'a/.b']
  const matches = `return ${JSON.stringify(patterns)}.map((pattern) => ${JSON.stringify(paths)}.filter((one) => path.matchesGlob(one, pattern)))`
  if (path.matchesGlob) assert.deepEqual(await evaluate(`const path = require('path'); ${matches}`), new Function('path', matches)(path))
})

test('links, folders read entry by entry and patterns are as in a real file system', async () => {
  const code = `const [fs, path] = [require('fs'), require('path')]
    const top = path.join(ROOM, 'links'); const at = (name) => path.join(top, name)
    const tell = (run) => { try { return run() } catch (error) { return [error.name, error.code, error.syscall] } }
    fs.mkdirSync(at('d/e'), { recursive: true }); fs.writeFileSync(at('d/a.txt'), 'aa'); fs.writeFileSync(at('d/e/b.js'), 'b')
    const out = []
    fs.symlinkSync('d/a.txt', at('l')); fs.symlinkSync(at('d'), at('dl')); fs.symlinkSync('two', at('one')); fs.symlinkSync('one', at('two'))
    out.push(fs.readlinkSync(at('l')), fs.lstatSync(at('l')).isSymbolicLink(), fs.statSync(at('l')).isFile(), fs.readFileSync(at('dl/e/b.js'), 'utf8'), path.relative(top, fs.realpathSync(at('dl/e'))))
    fs.writeFileSync(at('l'), 'new'); fs.linkSync(at('d/a.txt'), at('hard')); fs.writeFileSync(at('hard'), 'H')
    out.push(fs.readFileSync(at('d/a.txt'), 'utf8'), fs.statSync(at('hard')).nlink, tell(() => fs.readFileSync(at('one'))), fs.existsSync(at('one')), tell(() => fs.linkSync(at('d'), at('x'))), tell(() => fs.readlinkSync(at('hard'))))
    fs.unlinkSync(at('dl')); fs.unlinkSync(at('d/a.txt'))
    out.push(fs.readdirSync(at('d')), fs.readFileSync(at('hard'), 'utf8'), tell(() => fs.rmSync(at('d'))), tell(() => fs.opendirSync(at('hard'))))
    fs.cpSync(at('d'), at('copy'), { recursive: true }); fs.chmodSync(at('hard'), 0o600); fs.utimesSync(at('hard'), 1, new Date(2000))
    out.push(fs.readdirSync(at('copy/e')), fs.statSync(at('hard')).mode & 0o777, fs.statSync(at('hard')).atimeMs, fs.statSync(at('hard')).mtimeMs)
    const dir = fs.opendirSync(at('d')); const seen = []; for (let entry; (entry = dir.readSync());) seen.push([entry.name, entry.isDirectory()]); dir.closeSync()
    for await (const entry of await fs.promises.opendir(at('copy'))) seen.push(entry.name)
    out.push(seen, tell(() => dir.readSync()), fs.globSync?.('**/*.js', { cwd: top }).sort() ?? ['copy/e/b.js', 'd/e/b.js'])
    const handle = await fs.promises.open(at('hard')); const lines = []; for await (const line of handle.readLines()) lines.push(line)
    fs.rmSync(top, { recursive: true }); return [out, lines, fs.existsSync(top)]`
  const room = fs.mkdtempSync(path.join(tmpdir(), 'roost-fs-'))
  const expected = await new Function('require', 'ROOM', `return (async () => { ${code} })()`)((name) => ({ fs, path })[name], room)
  fs.rmSync(room, { recursive: true })
  assert.deepEqual(await evaluate(`const ROOM = '/tmp'; ${code}`), JSON.parse(JSON.stringify(expected)))
})

test('a URL that is none is told as on Node: with a code, which the first line does not show', async () => {
  const value = await evaluate(`
    try { new URL('none', 'neither') } catch (error) { return [error.stack.split('\\n')[0], error.code, error.input, error.base] }`)
  assert.deepEqual(value, ['TypeError: Invalid URL', 'ERR_INVALID_URL', 'none', 'neither'])
})
