// Copies of the bots, with their packages installed as their lock file says.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from './world.js'

const WORK = path.join(ROOT, 'target/yardstick')
const PNPM = path.join(import.meta.dirname, 'node_modules/pnpm/bin/pnpm.cjs')

/** A copy of a case's folder that Node can start: without `case.json`, with its packages. */
export async function prepare(folder, settings) {
  const copy = path.join(WORK, 'cases', path.basename(folder))
  const kept = path.join(WORK, 'kept')
  rmSync(kept, { recursive: true, force: true })
  const stamp = path.join(WORK, `${path.basename(folder)}.stamp`)
  const digest = stampOf(folder)
  const isInstalled = existsSync(path.join(copy, 'node_modules')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest
  if (isInstalled) renameSync(path.join(copy, 'node_modules'), kept)
  rmSync(copy, { recursive: true, force: true })
  mkdirSync(path.dirname(copy), { recursive: true })
  cpSync(folder, copy, { recursive: true, filter: (file) => !file.includes('node_modules') && path.basename(file) !== 'case.json' })
  if (settings.prepare) run(process.execPath, settings.prepare.split(' '), copy)
  if (isInstalled) renameSync(kept, path.join(copy, 'node_modules'))
  else if (!settings.refused) {
    install(copy)
    writeFileSync(stamp, digest)
  }
  if (settings.build) run(process.execPath, [path.join(copy, 'node_modules', '.bin', settings.build)], copy)
  return copy
}

function install(folder) {
  const has = (file) => existsSync(path.join(folder, file))
  if (has('pnpm-lock.yaml')) return run(process.execPath, [PNPM, 'install', '--frozen-lockfile', '--ignore-scripts', '--prod'], folder)
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  if (!has('package-lock.json')) return run('npm', ['install', '--no-package-lock', ...quiet], folder)
  try {
    run('npm', ['ci', ...quiet], folder)
  } catch (error) {
    // A lock file that is not of its package.json is followed as far as it goes, as a host does.
    if (!error.message.includes('EUSAGE')) throw error
    run('npm', ['install', ...quiet], folder)
  }
}

function stampOf(folder) {
  const hash = createHash('sha256')
  for (const name of ['package.json', 'package-lock.json', 'pnpm-lock.yaml']) {
    const file = path.join(folder, name)
    hash.update(existsSync(file) ? readFileSync(file) : '-')
  }
  return hash.digest('hex')
}

function run(program, args, cwd) {
  const done = spawnSync(program, args, { cwd, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`\`${program} ${args.join(' ')}\` in ${cwd}: ${done.error ?? ''}${done.stdout}${done.stderr}`)
}
