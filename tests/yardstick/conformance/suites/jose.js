// panva/jose: its tests under ava, and those of every runtime (`tap/`) with keys of both kinds, as its own runs have them.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { Folder } from '../folder.js'

export function prepareJose(suite, from) {
  const run = path.join(from, 'tap/run.ts')
  if (!existsSync(run) || !existsSync(path.join(from, 'src/index.ts'))) throw new Error(`\`${from}\` is no checkout of panva/jose: it has no \`tap/run.ts\` or no \`src/index.ts\``)
  const folder = new Folder(suite, { packages: true, modules: true })
  const filter = (file) => path.basename(file) !== 'tsconfig.json'
  for (const part of ['src', 'test', 'tap', 'cookbook'].filter((part) => existsSync(path.join(from, part)))) folder.take(path.join(from, part), part, { filter })
  folder.standIn('ava', 'ava.js')
  folder.embed(folder.path, 'cookbook')
  const loads = {}
  for (const file of readdirSync(path.join(from, 'test'), { recursive: true }).filter((name) => name.endsWith('.test.ts')).sort()) {
    loads[`test/${file}`] = `() => import('./test/${file}')`
  }
  const names = [...readFileSync(run, 'utf8').matchAll(/import\('\.\/(\w+)\.js'\)/g)].map(([, name]) => name).filter((name) => name !== 'noop').sort()
  for (const name of names) {
    const parts = `import('./tap/${name}.ts'), import('./src/index.ts'), import('./qunit.js'), import('./tap/keyobject-stub.ts')`
    loads[`tap/${name}.ts`] = `async () => { const [made, lib, { default: QUnit }] = await Promise.all([${parts}]); await made.default(QUnit, lib, lib) }`
    loads[`tap/${name}.ts with KeyObject`] = `async () => { const [made, lib, { default: QUnit }, { stub }] = await Promise.all([${parts}]); await made.default(QUnit, lib, stub) }`
  }
  folder.offer(loads)
  return { names: Object.keys(loads), folder }
}
