// Makes bot.wasm of bot.js: `node build.js [OUT]`.
//
// componentize-js reads one folder of WIT, so what the world names is put beside it first:
// Roost's own, and WASI's of the npm package jco.
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { componentize } from '@bytecodealliance/componentize-js'

const here = fileURLToPath(new URL('.', import.meta.url))
const roost = process.env.ROOST_WIT ?? join(here, '../../../wit')
const wasi = join(here, 'node_modules/@bytecodealliance/jco/lib/wit/builtin/0.2.12')
const out = process.argv[2] ?? join(here, 'bot.wasm')

const wit = await mkdtemp(join(tmpdir(), 'roost-wit-'))
try {
  await cp(join(here, 'wit'), wit, { recursive: true })
  await mkdir(join(wit, 'deps/roost'), { recursive: true })
  for (const file of await readdir(roost)) {
    if (file.endsWith('.wit')) await cp(join(roost, file), join(wit, 'deps/roost', file))
  }
  await cp(join(roost, 'deps'), join(wit, 'deps'), { recursive: true })
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
