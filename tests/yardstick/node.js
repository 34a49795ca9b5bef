// A bot on Node 22: what is told of it is what Roost is measured by.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

const PRELOAD = path.join(import.meta.dirname, 'preload.cjs')

/** Starts a bot's folder; `port` is there when it listens, else `ended` says why it does not. */
export async function startOnNode(folder, { env = {}, world = {}, flags = [], patience = 60_000 } = {}) {
  const entry = await entryOf(folder)
  // As on Roost, a file `.env` is read where there is one.
  const dotenv = existsSync(path.join(folder, '.env')) ? ['--env-file=.env'] : []
  const child = spawn(process.execPath, ['--require', PRELOAD, ...flags, ...dotenv, entry], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TZ: 'UTC', NODE_ENV: 'production', PORT: '3000', WORLD: JSON.stringify(world), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const said = []
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => said.push(text))
  const closed = once(child, 'close')
  const tired = AbortSignal.timeout(patience)
  const first = await Promise.race([
    once(child, 'message').then(([{ port }]) => ({ port })),
    closed.then(([code]) => ({ ended: `it ended with ${code}` })),
    once(tired, 'abort').then(() => ({ ended: 'it listens on no port' })),
  ])
  return {
    ...first,
    said: () => said.join(''),
    async stop() {
      child.kill('SIGKILL')
      await closed
    },
  }
}

async function entryOf(folder) {
  const manifest = path.join(folder, 'package.json')
  return (existsSync(manifest) && JSON.parse(await readFile(manifest, 'utf8')).main) || 'app.js'
}
