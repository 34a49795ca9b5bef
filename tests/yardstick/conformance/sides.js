// A suite's files on both sides: on Node in a process for each, in the sandbox in an instance for each.

import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { ask } from '../ask.js'
import { World } from '../world.js'

/** How long a file may take on Node. */
const PATIENCE = 180_000

/** Does something with each, so many at once, in order of their coming. */
export async function each(items, atOnce, work) {
  const left = [...items]
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let item; (item = left.shift()) !== undefined;) await work(item)
  }))
}

/** What files give on Node: `{name: result}`. */
export async function onNode({ folder }, names) {
  const program = folder.onNode()
  const results = new Map()
  await each(names, availableParallelism(), async (name) => results.set(name, await one(program, folder.path, name)))
  return results
}

function one(program, cwd, name) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--no-warnings', program, name], { cwd, env: { PATH: process.env.PATH, HOME: process.env.HOME, TZ: 'UTC', NODE_ENV: 'production' }, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = []
    child.stdout.setEncoding('utf8').on('data', (text) => said.push(text))
    child.stderr.resume()
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      try {
        resolve(JSON.parse(said.join('').trimEnd().split('\n').at(-1)))
      } catch {
        resolve({ ok: false, why: `it ended with ${signal ?? code}` })
      }
    })
  })
}

/** A host with projects that run a suite's files. */
export class Sandbox {
  #world
  #projects = 0
  /** Where each file runs, and why others run nowhere. */
  #places = new Map()
  #refused = new Map()

  static async start() {
    const self = new Sandbox()
    self.#world = await World.start()
    return self
  }

  stop() {
    return this.#world.stop()
  }

  /** Deploys a folder; files that keep the others from it are found by halves. */
  async deploy(folder, names, suite) {
    if (names.length === 0) return
    folder.narrow(names)
    const { base, why } = await this.deployFolder(folder, suite)
    if (base) for (const name of names) this.#places.set(name, base)
    else if (names.length === 1) this.#refused.set(names[0], why)
    else {
      const half = names.length >> 1
      await this.deploy(folder, names.slice(0, half), suite)
      await this.deploy(folder, names.slice(half), suite)
    }
  }

  /** Builds and deploys a folder as a project of its own. What is built is deployed, or the harness is at fault. */
  async deployFolder(folder, suite) {
    const project = `conformance-${suite}-${++this.#projects}`
    const component = path.join(folder.around, `${project}.wasm`)
    mkdirSync(folder.around, { recursive: true })
    const built = await this.#world.roost(['build', folder.path, '-o', component])
    if (built.code !== 0) return { why: short(built.said) }
    await this.#world.must(['projects', 'create', project])
    await this.#world.must(['deploy', component, '-p', project])
    return { base: this.#world.pages(project), project }
  }

  /** What a file gives. */
  async run(name) {
    const base = this.#places.get(name)
    if (!base) return { ok: false, why: `not deployed: ${this.#refused.get(name)}` }
    return resultOf(await ask(`${base}/?file=${encodeURIComponent(name)}`))
  }
}

/** The result in an answer; an instance that ended before it answered has none. */
export function resultOf({ status, body, error, end }) {
  if (status === 200 && end === 'ended') {
    try {
      return JSON.parse(body)
    } catch {
      return { ok: false, why: `its answer is no JSON: ${short(body)}` }
    }
  }
  return { ok: false, why: error ? `no answer: ${error}` : `answered ${status}: ${short(body)}` }
}

const short = (text = '') => text.trim().split('\n').slice(-8).join(' | ').slice(0, 1200)
