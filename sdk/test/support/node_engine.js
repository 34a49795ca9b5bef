/** The fake engine on Node: each bot in a realm of its own, with a job queue of its own. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync } from 'node:fs'
import { randomFillSync } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { types } from 'node:util'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import { buildSync } from 'esbuild'
import { certificates } from './certificates.js'
import { ciphers } from './ciphers.js'
import { compression } from './compression.js'
import { digests } from './digests.js'
import { FakeEngine } from './fake_engine.js'
import { intl } from './intl.js'
import { keyDerivation } from './key_derivation.js'
import { publicKeys } from './public_keys.js'

/** Bundles a bot as the host does, from its source and the packages that this folder has. */
export function bundle(source) {
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL('../..', import.meta.url)) },
    bundle: true, write: false, platform: 'node', format: 'cjs', external: ['pg', 'pg-pool', 'roost'],
  })
  return outputFiles[0].text
}

const runtime = readFileSync(new URL('../../runtime/dist/runtime.js', import.meta.url), 'utf8')

/**
 * Node tells of rejections without a handler once for the whole process, so
 * each goes to the bot whose realm its promise is of.
 */
const engines = new Set()

function onRejection(reason, promise) {
  for (const reference of engines) {
    const fake = reference.deref()
    if (fake && promise instanceof fake.native.Promise) return fake.engine.onrejection(promise, reason, false)
  }
  throw reason
}

/** A fake engine with the runtime loaded. */
export function makeEngine(functions, network) {
  const context = vm.createContext({}, { microtaskMode: 'afterEvaluate' })
  const run = (source, filename) => vm.runInContext(source, context, { filename })
  const frames = new AsyncLocalStorage()
  const global = run('globalThis')
  const Bytes = global.Uint8Array
  const encoder = new TextEncoder()

  const native = {
    Promise: global.Promise,
    bytes: (values) => new Bytes(values),
    setGlobal: (name, value) => { global[name] = value },
    evalScript: run,
    runJobs: () => { run('0', 'jobs') },
    breathe: () => setImmediate(),
    random: (target) => randomFillSync(target),
    // Of the whole process: a test that sets another puts UTC back. An offset Node takes in the spelling of POSIX only.
    timeZone: (name) => { process.env.TZ = name.replace(/^([+-])(\d\d):00$/, (_, sign, hours) => `LMT${sign === '-' ? '' : '-'}${Number(hours)}`) || 'UTC' },
    utf8Encode: (text) => new Bytes(encoder.encode(text)),
    utf8Decode(bytes, fatal) {
      try {
        return new TextDecoder('utf-8', { fatal, ignoreBOM: true }).decode(bytes)
      } catch (error) {
        throw new global.TypeError(error.message)
      }
    },
    getAsyncContext: () => frames.getStore(),
    setAsyncContext: (frame) => frames.enterWith(frame),
    isProxy: types.isProxy,
    promiseState(promise) {
      if (!types.isPromise(promise)) throw new TypeError('not a promise')
      return ['pending', undefined]
    },
    memory: () => ({ used: 1 << 20, limit: 64 << 20, ranOut: false }),
    array: (values) => global.Array.from(values),
    evalModule(source, identifier, onimport) {
      const module = new vm.SourceTextModule(source, { context, identifier })
      return [evaluate(module, onimport), new Proxy({}, { ownKeys: () => Reflect.ownKeys(module.namespace), get: (_, name) => module.namespace[name], getOwnPropertyDescriptor: (_, name) => ({ value: module.namespace[name], enumerable: true, configurable: true }) })]
    },
  }

  async function evaluate(module, onimport) {
    await module.link((specifier) => {
      const names = onimport(specifier)
      return new vm.SyntheticModule(Object.keys(names), function () {
        for (const name of Object.keys(names)) this.setExport(name, names[name])
      }, { context })
    })
    await module.evaluate()
  }

  const parse = run('JSON.parse')
  const own = (value) => (value === undefined ? undefined : parse(JSON.stringify(value)))
  const packing = compression(native.bytes)
  const sealing = ciphers(native.bytes)
  const keys = publicKeys(native.bytes)
  const fake = new FakeEngine(native, {
    ...packing.functions, ...digests(native.bytes, keys.remember), ...sealing.functions, ...keyDerivation(native.bytes), ...keys.functions,
    ...certificates(native.bytes, keys.described, keys.told, native.array), ...intl(own), ...functions,
  }, network)
  fake.openStreams = packing.openStreams
  fake.openCiphers = sealing.openCiphers
  fake.load(runtime)
  engines.add(new WeakRef(fake))
  // The test runner's own listener would take them for failures of the test.
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', onRejection)
  return fake
}
