// Makes bot.wasm of bot.js: `node build.js [OUT]`.
//
// componentize-js reads one folder of WIT, so what the world names of WASI is put beside it first,
// from the npm package jco. Of Roost it names 0.1.0, which lies in wit/deps.
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { componentize } from '@bytecodealliance/componentize-js'

const here = fileURLToPath(new URL('.', import.meta.url))
const wasi = join(here, 'node_modules/@bytecodealliance/jco/lib/wit/builtin/0.2.12')
const out = process.argv[2] ?? join(here, 'bot.wasm')

const wit = await mkdtemp(join(tmpdir(), 'roost-wit-'))
try {
  await cp(join(here, 'wit'), wit, { recursive: true })
  for (const name of await readdir(wasi)) {
    // The engine of componentize-js 0.23 knows 0.2.10; only the number differs.
    const text = await readFile(join(wasi, name, 'package.wit'), 'utf8')
    await writeFile(join(wit, `deps/${name}-0.2.wit`), text.replaceAll('@0.2.12', '@0.2.10').replaceAll('0.2.12)', '0.2.10)'))
  }
  const { component } = await componentize({
    sourcePath: join(here, 'bot.js'),
    witPath: wit,
    worldName: 'bot',
  })
  await writeFile(out, component)
  console.log(`${out}: ${Math.ceil(component.length / 1024)} KiB`)
} finally {
  await rm(wit, { recursive: true })
}
