// A Postgres for the bots on Node; those on Roost have a schema of the host's.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

const PROGRAMS = process.env.ROOST_POSTGRES

/** Starts a server that ends with `stop`, and says what a bot reaches it by. */
export async function startPostgres() {
  const folder = await mkdtemp(path.join(tmpdir(), 'roost-yardstick-pg-'))
  // Postgres refuses to run as root.
  const user = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {}
  if (user.uid) await chown(folder, user.uid, user.gid)
  await chmod(folder, 0o700)
  const data = path.join(folder, 'data')
  const made = spawnSync(path.join(PROGRAMS, 'initdb'), ['-D', data, '-U', 'bot', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'], { ...user, cwd: folder, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`initdb: ${made.error ?? made.stderr}`)
  const port = await freePort()
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'off', shared_buffers: '16MB', timezone: 'UTC' }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(path.join(PROGRAMS, 'postgres'), ['-D', data, ...args], { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const closed = once(server, 'close')
  let said = ''
  await new Promise((resolve, reject) => {
    server.stderr.setEncoding('utf8').on('data', (text) => {
      said += text
      if (said.includes('ready to accept connections')) resolve()
    })
    closed.then(() => reject(new Error(`postgres did not start:\n${said}`)))
  })
  return {
    env: { DATABASE_URL: `postgres://bot@127.0.0.1:${port}/postgres`, PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'bot', PGDATABASE: 'postgres' },
    async stop() {
      server.kill('SIGINT')
      await closed
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
