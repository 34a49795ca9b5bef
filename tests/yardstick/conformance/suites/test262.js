// tc39/test262's `test/intl402`: each file as a script, in sloppy and in strict mode, as its own INTERPRETING.md says.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fork } from 'node:child_process'
import { ask } from '../../ask.js'
import { Folder } from '../folder.js'
import { each, resultOf } from '../sides.js'

/** Whole parts of the language that Node 22 lacks: two thirds of the files are about one. */
const ABSENT = ['Temporal'].filter((name) => !(name in globalThis))

export function prepareTest262(suite, from) {
  const intl = path.join(from, 'test/intl402')
  if (!existsSync(intl) || !existsSync(path.join(from, 'harness/assert.js'))) throw new Error(`\`${from}\` is no checkout of tc39/test262: it has no \`test/intl402\` or no \`harness/assert.js\``)
  const names = readdirSync(intl, { recursive: true }).filter((name) => name.endsWith('.js') && !name.includes('_FIXTURE')).sort()
  const scripts = new Map()
  const scriptsOf = (name) => scripts.get(name) ?? scripts.set(name, read(from, path.join(intl, name))).get(name)
  let base
  return {
    names,
    async onNode(_, chosen) {
      const results = new Map()
      const workers = Array.from({ length: availableParallelism() }, () => new Worker())
      await each(chosen, workers.length, async (name) => {
        const worker = workers.find(({ isBusy }) => !isBusy)
        results.set(name, await verdict(scriptsOf(name), (script) => worker.run(script)))
      })
      for (const worker of workers) worker.stop()
      return results
    },
    async deploy(sandbox) {
      const folder = new Folder(suite)
      folder.take(path.join(folder.path, 'script.js'), 'app.js')
      const deployed = await sandbox.deployFolder(folder, suite)
      if (!deployed.base) throw new Error(`the bot that runs scripts was not deployed: ${deployed.why}`)
      base = deployed.base
    },
    run: (_, name) => verdict(scriptsOf(name), async ({ source, isAsync }) => {
      const answer = await ask(`${base}/`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ source, isAsync }) })
      const result = resultOf(answer)
      return result.ok === false ? { broken: result.why } : result
    }),
  }
}

/** The scripts that a file stands for, or why it is none. */
function read(from, file) {
  const text = readFileSync(file, 'utf8')
  const { flags, includes, features, negative } = frontmatter(text)
  const missing = features.find((name) => ABSENT.includes(name))
  if (missing) return { skipped: `it has no ${missing}` }
  if (flags.includes('module')) return { skipped: 'it is a module' }
  const isAsync = flags.includes('async')
  const harness = flags.includes('raw') ? [] : ['assert.js', 'sta.js', ...(isAsync ? ['doneprintHandle.js'] : []), ...includes]
  const source = [...harness.map((name) => readFileSync(path.join(from, 'harness', name), 'utf8')), text].join('\n')
  const modes = flags.includes('raw') || flags.includes('noStrict') ? [''] : flags.includes('onlyStrict') ? ['"use strict";\n'] : ['', '"use strict";\n']
  return { scripts: modes.map((before) => ({ source: before + source, isAsync, negative })) }
}

/** The few keys that decide how a file is run. */
function frontmatter(text) {
  const [, yaml = ''] = text.match(/\/\*---\r?\n([\s\S]*?)---\*\//) ?? []
  const list = (key) => {
    const [, inline, block] = yaml.match(new RegExp(`^${key}:[ \\t]*(?:\\[([^\\]]*)\\]|((?:\\r?\\n[ \\t]+-[^\\n]*)+))`, 'm')) ?? []
    return (inline ?? block ?? '').split(inline === undefined ? /\n\s*-/ : ',').map((word) => word.trim()).filter(Boolean)
  }
  const [, negative] = yaml.match(/^negative:\s*\n(?:[ \t]+.*\n)*?[ \t]+type:[ \t]*(\w+)/m) ?? []
  return { flags: list('flags'), includes: list('includes'), features: list('features'), negative }
}

/** Whether all scripts of a file end as they should. */
async function verdict({ scripts, skipped }, run) {
  if (skipped !== undefined) return { skipped }
  for (const script of scripts) {
    const { threw, text, printed = [], broken } = await run(script)
    const why = broken ?? judge(script, threw, text, printed)
    if (why) return { ok: false, why: `${script.source.startsWith('"use strict"') ? 'strict: ' : ''}${why}` }
  }
  return { ok: true }
}

function judge({ negative, isAsync }, threw, text, printed) {
  if (negative) return threw === negative ? undefined : `${threw ?? 'nothing'} was thrown, not ${negative}`
  if (threw) return `${threw}: ${text}`
  if (isAsync && printed[0] !== 'Test262:AsyncTestComplete') return printed[0] ?? 'it never said that it is done'
}

/** A process of Node's that evaluates each script in a realm of its own. */
class Worker {
  isBusy = false
  #child = fork(path.join(import.meta.dirname, 'test262_realm.js'), { stdio: 'ignore' })

  async run({ source, isAsync }) {
    this.isBusy = true
    try {
      return await new Promise((resolve) => {
        this.#child.once('message', resolve)
        this.#child.send({ source, isAsync })
      })
    } finally {
      this.isBusy = false
    }
  }

  stop() {
    this.#child.kill()
  }
}
