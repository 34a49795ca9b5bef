// auth0/node-jsonwebtoken: its tests under mocha, with chai and sinon of this folder's lock file.

import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { Folder } from '../folder.js'

export function prepareJsonwebtoken(suite, from) {
  if (!existsSync(path.join(from, 'verify.js')) || !existsSync(path.join(from, 'test/test-utils.js'))) throw new Error(`\`${from}\` is no checkout of auth0/node-jsonwebtoken: it has no \`verify.js\` or no \`test/test-utils.js\``)
  const folder = new Folder(suite, { packages: true })
  for (const name of readdirSync(from).filter((name) => name.endsWith('.js') || name === 'lib' || name === 'test')) folder.take(path.join(from, name), name)
  folder.embed(folder.path, 'test', (name) => !name.endsWith('.js'))
  const names = readdirSync(path.join(from, 'test')).filter((name) => /\.tests?\.js$/.test(name)).sort()
  folder.offer(Object.fromEntries(names.map((name) => [name, `() => { require('./mocha.js'); require('./test/${name}') }`])))
  return { names, folder }
}
