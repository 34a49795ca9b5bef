/**
 * Bundles the runtime into the one classic script that the engine evaluates,
 * `runtime/dist/runtime.js`, and lists the modules it has in `builtins.json`
 * beside it, for those who bundle bots.
 */
import { builtinModules } from 'node:module'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'

const source = (path) => fileURLToPath(new URL(`src/${path}`, import.meta.url))
const output = fileURLToPath(new URL('dist/runtime.js', import.meta.url))

/** What npm packages in the bundle ask for, and which of our files answers. */
const aliases = new Map([
  ['process/', 'node/process.js'],
  ['abort-controller', 'web/abort.js'],
  ['qs', 'node/url_query.js'],
  ['./process', 'node/process.js'],
])

/**
 * Lets the npm packages in the bundle use our modules.
 *
 * Ours are ES modules whose default export is what `require` gives; packages
 * want `module.exports`, so each gets a two-line CommonJS face.
 */
const builtins = {
  name: 'builtins',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path, importer }) => {
      if (!importer.includes('node_modules')) return
      if (importer.includes('readable-stream') && path === '../shims/process') return face('node/process.js')
      // `url` has an older one of its own, which does the same.
      if (path === 'punycode/' && importer.includes('node_modules/url/')) return { path: fileURLToPath(new URL('../node_modules/punycode/punycode.es6.js', import.meta.url)) }
      const alias = path.startsWith('.') ? undefined : aliases.get(path)
      if (alias) return face(alias)
      const name = path.replace(/^node:/, '')
      // `string_decoder/` and `punycode/` name the npm packages, as does a package within itself.
      if (!builtinModules.includes(name) || importer.includes(`node_modules/${name}/`)) return
      return face(`node/${name.replace('/', '_')}.js`)
    })

    build.onLoad({ filter: /.*/, namespace: 'face' }, ({ path }) => ({
      contents: `const face = require(${JSON.stringify(source(path))})\nmodule.exports = face.default\n`,
      resolveDir: source('.'),
    }))

    // Tables that are seldom used stay packed until they are: each bot's image has them.
    build.onLoad({ filter: /@exodus\/bytes\/fallback\/multi-byte\.encodings\.json$/ }, ({ path }) => ({
      contents: `const { Buffer } = require('buffer')
        const { brotliDecompressSync } = require('zlib')
        module.exports = JSON.parse(brotliDecompressSync(Buffer.from(${JSON.stringify(packed(readFileSync(path, 'utf8')))}, 'latin1')))`,
      resolveDir: dirname(path), loader: 'js',
    }))

    build.onLoad({ filter: /readable-stream\/lib\/internal\/streams\/readable\.js$/ }, ({ path }) => ({
      contents: withoutCalls(readFileSync(path, 'utf8')), loader: 'js',
    }))

    function face(path) {
      if (!existsSync(source(path))) throw new Error(`a package in the bundle needs src/${path}`)
      return { path, namespace: 'face' }
    }
  },
}

await build({
  entryPoints: [source('index.js')],
  outfile: output,
  bundle: true,
  format: 'iife',
  platform: 'browser',
  mainFields: ['browser', 'module', 'main'],
  target: 'es2023',
  minifyWhitespace: true,
  minifySyntax: true,
  charset: 'utf8',
  legalComments: 'eof',
  logLevel: 'warning',
  plugins: [builtins],
})

// The list is in the table of modules itself, whose loaders only a bundler understands.
const { outputFiles } = await build({
  stdin: { contents: "export { builtinModules as default } from './modules.js'", resolveDir: source('.') },
  bundle: true,
  write: false,
  format: 'iife',
  globalName: 'names',
  platform: 'browser',
  mainFields: ['browser', 'module', 'main'],
  plugins: [builtins],
})
const names = new Function('__engine', `globalThis.__engine = __engine\n${outputFiles[0].text}\nreturn names.default`)(standIn())
writeFileSync(fileURLToPath(new URL('dist/builtins.json', import.meta.url)), `${JSON.stringify(names, null, 2)}\n`)

/**
 * The library reads each of a stream's flags by an accessor, and calls a function that does nothing for its debug
 * texts: a hundred calls for a request, which the engine cannot inline. The flags' bits are looked at in place.
 */
function withoutCalls(text) {
  const bits = Object.fromEntries([...text.matchAll(/^  (\w+): makeBitMapDescriptor\((k\w+)\)/gm)].map(([, name, bit]) => [name, bit]))
  const flag = `([\\w.]*\\b(?:_readableState|state))\\.(${Object.keys(bits).join('|')})\\b`
  let count = 0
  const change = (pattern, by) => {
    text = text.replace(pattern, (...found) => {
      count++
      return by(...found)
    })
  }
  change(/^ *debug\(.*\)$/gm, () => '')
  change(new RegExp(`(?<!= )${flag} = (true|false)$`, 'gm'), (_, state, name, value) => `${state}.state ${value === 'true' ? '|= ' : '&= ~'}${bits[name]}`)
  change(new RegExp(`${flag}(?! =[^=])`, 'g'), (_, state, name) => `((${state}.state & ${bits[name]}) !== 0)`)
  if (Object.keys(bits).length !== 19 || count < 100) throw new Error('readable-stream reads its flags in another way now: see withoutCalls')
  return text
}

/** JSON without spaces, by Brotli, a character for each byte: such a string takes a byte for each in the engine. */
function packed(json) {
  return brotliCompressSync(JSON.stringify(JSON.parse(json))).toString('latin1')
}

/** An engine that has and answers nothing: enough for the table of modules to come to be. */
function standIn() {
  return new Proxy({ functions: [] }, { get: (engine, name) => engine[name] ?? (() => 0) })
}

console.log(`runtime.js: ${Math.round(statSync(output).size / 1024)} KB`)
