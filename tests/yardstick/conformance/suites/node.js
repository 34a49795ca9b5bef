// Node's `test/parallel`: `node-crypto`, `node-webcrypto` and `node-zlib`.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { Folder } from '../folder.js'

const OWN = path.join(import.meta.dirname, '../bot/common')

const WEB = /^test-(webcrypto|global-webcrypto|crypto-(webcrypto|subtle|key-objects-to-crypto-key))/
const CHOICES = {
  'node-crypto': (name) => /^test-(crypto|domain-crypto)/.test(name) && !WEB.test(name),
  'node-webcrypto': (name) => WEB.test(name),
  'node-zlib': (name) => /^test-(zlib|whatwg-webstreams-compression|compression-decompression)/.test(name),
}

/** The flag `--pending-deprecation` is none that a bot has. */
const WITHOUT_WARNINGS = "require('./test/common/index.js').settings.warningsMayStayAway = true; "

export const NODE_SUITES = Object.keys(CHOICES)

export function prepareNode(suite, from) {
  const parallel = path.join(from, 'test/parallel')
  if (!existsSync(parallel)) throw new Error(`\`${from}\` is no checkout of nodejs/node: it has no folder \`test/parallel\``)
  const names = readdirSync(parallel).filter((name) => name.endsWith('.js') && CHOICES[suite](name)).sort()
  if (names.length === 0) throw new Error(`\`${parallel}\` has no file of ${suite}`)
  const folder = new Folder(suite)
  const texts = []
  for (const name of names) {
    folder.take(path.join(parallel, name), `test/parallel/${name}`, { change })
    texts.push(readFileSync(path.join(parallel, name), 'utf8'))
  }
  const fixtures = path.join(from, 'test/fixtures')
  const all = texts.join('\n')
  folder.take(fixtures, 'test/fixtures', { filter: (file) => file === fixtures || isWanted(path.relative(fixtures, file), all) })
  folder.take(path.join(from, 'test/common/fixtures.js'), 'test/common/fixtures.js')
  const crypto = path.join(from, 'test/common/crypto.js')
  if (existsSync(crypto)) folder.take(crypto, 'test/common/crypto_of_the_suite.js')
  for (const name of readdirSync(OWN)) {
    if (name !== 'crypto.js' || existsSync(crypto)) folder.take(path.join(OWN, name), `test/common/${name}`)
  }
  folder.embed(folder.path, 'test/fixtures', (name) => !/\.(js|mjs)$/.test(name))
  folder.offer(Object.fromEntries(names.map((name, n) => [name, `() => { ${/^\/\/ Flags:.*--pending-deprecation/m.test(texts[n]) ? WITHOUT_WARNINGS : ''}require('./test/parallel/${name}') }`])))
  return { names, folder }
}

/** Keys, vectors, and what a test names. */
function isWanted(name, texts) {
  const [first] = name.split(path.sep)
  if (['keys', 'crypto', 'x509-escaping', 'webcrypto'].includes(first)) return true
  return name === first && texts.includes(first)
}

/** The sandbox has no test runner and no internals: both are the harness's, as far as they go. Files are named in full, so that they are bundled. */
function change(text) {
  return text
    .replace(/require\((['"])(?:node:)?test\1\)/g, "require('../../node_test.js')")
    .replace(/require\((['"])internal\/crypto\/(?:util|x509)\1\)/g, "require('../common/internals.js')")
    .replace(/require\(fixtures\.path\(((?:\s*'[^']+',?)+)\s*\)\)/g, (_, names) => `require('../fixtures/${[...names.matchAll(/'([^']+)'/g)].map(([, name]) => name).join('/')}')`)
}
