/** Modules that are loaded by names made while the bot runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeEngine } from './support/node_engine.js'

/** What a bot answers whose bundle has this table, and whose files are these. */
async function answered(table, files, answer) {
  const engine = makeEngine()
  const report = await engine.boot(`
    const loader = require('roost/modules')
    ${table}
    const tell = (load) => { try { return load() } catch (error) { return [error.code, error.message.split('\\n')[0]] } }
    const require_ = loader.requireOf('/app/lib/index.js'), import_ = loader.importOf('/app/lib/index.js')
    require('http').createServer(async (req, res) => {
      try { res.end(JSON.stringify(await (async () => (${answer}))())) } catch (error) { res.end(JSON.stringify(error.stack)) }
    }).listen(3000)
  `, { files })
  assert.equal(report.ok, true, report.error?.stack)
  const { body } = await engine.event({ method: 'GET', path: '/' })
  return JSON.parse(body)
}

test('names lead where they lead on Node', async () => {
  const table = `
    let runs = 0
    loader.add({
      required: { '/app/commands/ping.js': () => ({ ping: ++runs }), '/app/commands/admin/index.js': () => 'admin', '/app/lib/shown.ts': () => 'ts' },
      imported: { '/app/late.mjs': async () => ({ default: 'late', [Symbol.toStringTag]: 'Module' }) },
    }, {
      '/app/node_modules/express/lib/view.js': () => ({ required: { ejs: () => 'the engine' }, imported: {} }),
    })`
  const files = {
    '/app/data/menu.json': '{"soup":7}', '/app/code.js': '1', '/app/node_modules/kit/package.json': '{"main":"lib/kit.json"}',
    '/app/node_modules/kit/lib/kit.json': '{"kit":1}', '/app/node_modules/odd/package.json': '{"exports":{".":{"import":"./a.mjs","require":"./b.json"}}}',
    '/app/node_modules/odd/b.json': '"b"',
  }
  assert.deepEqual(await answered(table, files, `({
    js: require_('../commands/ping').ping,
    again: require_('/app/commands/ping.js').ping,
    folder: require_('../commands/admin'),
    other: require_('./shown.js'),
    json: require_('../data/menu').soup,
    engine: require_('ejs'),
    kit: require_('kit').kit,
    odd: require_('odd'),
    builtin: typeof require_('node:path').join,
    resolved: require_.resolve('../commands/ping'),
    resolvedKit: require_.resolve('kit'),
    cached: Object.keys(require_.cache).includes('/app/commands/ping.js'),
    late: (await import_('../late.mjs')).default,
    imported: (await import_('../commands/ping.js')).default.ping,
    url: (await import_(new URL('file:///app/commands/admin/index.js'))).default,
    paths: require_.resolve.paths('x'),
    missing: tell(() => require_('./nothing')),
    none: tell(() => require_('nothing')),
    readable: tell(() => require_('../code.js'))[0],
    empty: tell(() => require_(''))[0],
    wrong: tell(() => require_(5))[0],
  })`), {
    js: 1,
    again: 1,
    folder: 'admin',
    other: 'ts',
    json: 7,
    engine: 'the engine',
    kit: 1,
    odd: 'b',
    builtin: 'function',
    resolved: '/app/commands/ping.js',
    resolvedKit: '/app/node_modules/kit/lib/kit.json',
    cached: true,
    late: 'late',
    imported: 1,
    url: 'admin',
    paths: ['/app/lib/node_modules', '/app/node_modules', '/node_modules'],
    missing: ['MODULE_NOT_FOUND', "Cannot find module './nothing'"],
    none: ['MODULE_NOT_FOUND', 'Cannot find module \'nothing\'. It is not in the bundle: add it to "dependencies" in package.json, and name it in quotes somewhere in the bot\'s own code, so that it is bundled.'],
    readable: 'MODULE_NOT_FOUND',
    empty: 'ERR_INVALID_ARG_VALUE',
    wrong: 'ERR_INVALID_ARG_TYPE',
  })
})

test('what is taken out of require.cache is evaluated again, and import.meta.resolve gives addresses', async () => {
  // As the build writes it for modules of the bundle that look at the cache.
  const table = `
    let runs = 0
    const make = (cb) => { const filename = '/app/' + Object.keys(cb)[0]; return { exports: {}, id: filename, filename, loaded: false } }
    const counter = { 'lib/counter.js'(exports, module) { if (runs > 5) throw new Error('no more'); module.exports = { run: ++runs } } }
    const copy = { 'lib/counter.js'(exports) { exports.copy = true } }
    const counted = () => loader.evaluated(counter, make)
    loader.add({ required: { '/app/lib/counter.js': counted }, imported: {} }, {})`
  assert.deepEqual(await answered(table, {}, `(() => {
    const first = [counted().run, counted().run, require_('./counter').run, loader.evaluated(copy, make).copy]
    const file = require_.resolve('./counter')
    const known = [file, require_.cache[file].loaded]
    delete require_.cache[file]
    const again = [require_('./counter').run, counted().run]
    delete require_.cache[file]
    const direct = [counted().run, require_('./counter').run]
    require_.cache[file].exports = { run: 'mine' }
    const put = counted().run
    runs = 9
    delete require_.cache[file]
    const failed = tell(counted)
    runs = 4
    return { first, known, again, direct, put, failed, later: counted().run, urls: ['./a b.js', '../x', 'fs', 'node:fs', 'https://a.b/'].map(loader.resolverOf('/app/lib/index.js')), none: tell(() => loader.resolverOf('/app/a.js')('nothing')) }
  })()`), {
    first: [1, 1, 1, true],
    known: ['/app/lib/counter.js', true],
    again: [2, 2],
    direct: [3, 3],
    put: 'mine',
    failed: [null, 'no more'],
    later: 5,
    urls: ['file:///app/lib/a%20b.js', 'file:///app/x', 'node:fs', 'node:fs', 'https://a.b/'],
    none: ['ERR_MODULE_NOT_FOUND', "Cannot find package 'nothing' imported from /app/a.js"],
  })
})

test('a transport of pino runs in the thread of the bot', async () => {
  const table = `
    const got = []
    const { Writable } = require('stream')
    const ThreadStream = require('thread-stream')
    loader.add({ required: {
      '/app/transport.js': () => async (options) => new Writable({ write(chunk, encoding, done) { got.push(options.name + ':' + chunk); done() } }),
      '/app/wrong.js': () => ({ no: 'function' }),
    }, imported: {} }, {})`
  assert.deepEqual(await answered(table, {}, `(async () => {
    const stream = new ThreadStream({ filename: '/app/transport.js', workerData: { name: 'a' } })
    const before = [stream.ready, stream.write('early')]
    await new Promise((done) => stream.once('ready', done))
    stream.write('late')
    await new Promise((done) => stream.flush(done))
    stream.end()
    await new Promise((done) => stream.once('close', done))
    const failed = (filename) => new Promise((done) => new ThreadStream({ filename }).once('error', ({ message }) => done(message.split('\\n')[0])))
    return { before, got, ended: [stream.writableEnded, stream.closed], wrong: await failed('/app/wrong.js'), none: await failed('/app/none.js') }
  })()`), {
    before: [false, true],
    got: ['a:early', 'a:late'],
    ended: [true, true],
    wrong: 'worker is not a function',
    none: "Cannot find module '/app/none.js' imported from /app/app.js",
  })
})
