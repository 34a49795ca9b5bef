// The folder of a bot that a suite is: the harness's own files, those of the suite, and a table of what can be asked for.

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { ROOT } from '../world.js'

const WORK = path.join(ROOT, 'target/yardstick/conformance')
const OWN = path.join(import.meta.dirname, 'bot')
const PACKAGES = path.join(import.meta.dirname, 'node_modules')

/** Files of a suite larger than this are none that its tests read. */
const MOST_BYTES = 1 << 20

export class Folder {
  /** Makes it anew. With `packages` the npm packages of this folder's lock file lie beside it. */
  constructor(suite, { packages = false, modules = false } = {}) {
    this.around = path.join(WORK, suite)
    this.path = path.join(this.around, 'bot')
    this.isModule = modules
    rmSync(this.around, { recursive: true, force: true })
    mkdirSync(this.path, { recursive: true })
    if (packages) cpSync(PACKAGES, path.join(this.around, 'node_modules'), { recursive: true, filter: (file) => path.basename(file) !== '.bin' })
    cpSync(OWN, this.path, { recursive: true, filter: (file) => !file.startsWith(path.join(OWN, 'common')) })
  }

  /** Copies a file or a folder of the suite; `change` gives a text another content. */
  take(from, to, { filter = () => true, change } = {}) {
    cpSync(from, path.join(this.path, to), { recursive: true, filter })
    if (!change) return
    const file = path.join(this.path, to)
    writeFileSync(file, change(readFileSync(file, 'utf8')))
  }

  write(name, text) {
    mkdirSync(path.dirname(path.join(this.path, name)), { recursive: true })
    writeFileSync(path.join(this.path, name), text)
  }

  /** A package that is a file of this harness. */
  standIn(name, file) {
    const folder = path.join(this.around, 'node_modules', name)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name, version: '0.0.0', main: 'index.js' }))
    writeFileSync(path.join(folder, 'index.js'), `module.exports = require('../../bot/${file}')\n`)
  }

  /** What `fs` finds in the sandbox of the suite's own files: those that `isWanted` says. */
  embed(root, below, isWanted = () => true) {
    const found = existsSync(path.join(root, below)) ? readdirSync(path.join(root, below), { recursive: true, withFileTypes: true }) : []
    const data = {}
    for (const entry of found) {
      if (!entry.isFile()) continue
      const file = path.join(entry.parentPath, entry.name)
      const name = path.relative(root, file)
      if (statSync(file).size <= MOST_BYTES && isWanted(name)) data[name] = readFileSync(file).toString('base64')
    }
    this.write('fixtures_data.js', `module.exports = ${JSON.stringify(data, null, 1)}\n`)
  }

  /** Writes what can be asked for: names, each with the code that loads it. */
  offer(loads) {
    this.loads = loads
    this.narrow(Object.keys(loads))
  }

  /** Leaves of the table those names. */
  narrow(names) {
    const rows = names.map((name) => `  ${JSON.stringify(name)}: ${this.loads[name]},`).join('\n')
    if (this.isModule) {
      this.write('table.mjs', `export default {\n${rows}\n}\n`)
      for (const [entry, face] of [['app.mjs', 'serve'], ['one.mjs', 'once']]) this.write(entry, `import './fixture_files.js'\nimport ${face} from './${face}.js'\nimport table from './table.mjs'\n${face}(table)\n`)
    } else {
      this.write('table.js', `module.exports = {\n${rows}\n}\n`)
      for (const [entry, face] of [['app.js', 'serve'], ['one.js', 'once']]) this.write(entry, `'use strict'\nrequire('./fixture_files.js')\nrequire('./${face}.js')(require('./table.js'))\n`)
    }
  }

  /** The program that runs one file on Node: of TypeScript and ES modules it is bundled, as it is for the sandbox. */
  onNode() {
    if (!this.isModule) return path.join(this.path, 'one.js')
    const require = createRequire(path.join(ROOT, 'sdk/package.json'))
    const outfile = path.join(this.path, 'one.node.mjs')
    require('esbuild').buildSync({
      entryPoints: [path.join(this.path, 'one.mjs')], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node22', logLevel: 'error', external: ['undici'],
      banner: { js: "import { createRequire as makeRequire } from 'node:module'; import { fileURLToPath as pathOf } from 'node:url'; const require = makeRequire(import.meta.url); const __dirname = pathOf(new URL('.', import.meta.url)).replace(/\\/$/, '')" },
    })
    return outfile
  }
}
