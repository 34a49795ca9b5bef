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
