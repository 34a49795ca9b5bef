// Stands where npm is, and does what an npm would do that a stranger took over: what it does is named by the
// dependency that it is asked to install.
'use strict'

const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const childProcess = require('node:child_process')
const { Worker } = require('node:worker_threads')

const at = JSON.parse(fs.readFileSync(path.join(__dirname, 'where.json'), 'utf8'))
const [wanted] = Object.keys(JSON.parse(fs.readFileSync('package.json', 'utf8')).dependencies)
const read = (file) => fs.readFileSync(file, 'latin1').slice(0, 40)
const write = (file) => fs.writeFileSync(file, 'x')

// Made anew: the way to the registry stands in `net.connect`.
function connects (where) {
  return new Promise((resolve, reject) => {
    const socket = new net.Socket()
    socket.on('error', reject).on('connect', () => resolve('connected'))
    socket.connect(where)
  })
}

function starts (program, words, options) {
  const { error, stdout } = childProcess.spawnSync(program, words, options)
  if (error) throw error
  return String(stdout)
}

// By the way that npm has, which is a socket with the host at its other end.
function asks (origin, request) {
  const { protocol, hostname, port } = URL.canParse(origin) ? new URL(origin) : { protocol: 'http:', hostname: origin }
  const socket = (protocol === 'https:' ? require('node:tls') : net).connect({ host: hostname, port })
  socket.write(request)
  return new Promise((resolve, reject) => {
    socket.on('error', reject).on('close', () => reject(new Error('hung up')))
    socket.on('data', (data) => {
      const [, status] = String(data).split(' ')
      status === '200' ? resolve(String(data)) : reject(new Error(`answered ${status}`))
    })
  })
}

const PROBES = {
  'environment-of-the-host': () => read(`/proc/${at.host}/environ`),
  'memory-of-the-host': () => read(`/proc/${at.host}/mem`),
  'files-open-at-the-host': () => fs.readdirSync(`/proc/${at.host}/fd`),
  'its-own-starter': () => read(`/proc/${process.ppid}/environ`),
  processes: () => fs.readdirSync('/proc'),
  passwords: () => read('/etc/shadow'),
  users: () => read('/etc/passwd'),
  'name-of-the-machine': () => read('/etc/hostname'),
  'secrets-in-files': () => read(at.secret),
  'data-of-the-host': () => fs.readdirSync(at.data),
  'images-of-bots': () => fs.readdirSync(`${at.data}/images`),
  'other-builds': () => fs.readdirSync(`${at.data}/builds`),
  'data-by-a-link': () => { fs.symlinkSync(at.secret, 'link'); return read('link') },
  'data-by-a-hard-link': () => { fs.linkSync(at.secret, 'hard'); return read('hard') },
  'data-moved-here': () => fs.renameSync(at.secret, 'moved'),
  'data-removed': () => fs.unlinkSync(at.secret),
  'data-cut-off': () => fs.truncateSync(at.secret),
  'writes-beside': () => write(path.join(path.dirname(at.secret), 'made')),
  'writes-temporary': () => write(`/tmp/roost-hostile-${process.pid}`),
  'writes-the-sdk': () => write(path.join(at.sdk, 'made')),
  'writes-npm': () => write(path.join(__dirname, 'made')),
  'writes-home': () => write(path.join(require('node:os').userInfo().homedir, '.roost-hostile')),
  tcp: () => connects({ host: '127.0.0.1', port: at.port }),
  'unix-socket': () => connects({ path: at.socket }),
  'listens-tcp': () => new Promise((resolve, reject) => net.createServer().on('error', reject).listen(0, () => resolve('listens'))),
  'listens-unix': () => new Promise((resolve, reject) => net.createServer().on('error', reject).listen('door', () => resolve('listens'))),
  udp: () => new Promise((resolve, reject) => require('node:dgram').createSocket('udp4').on('error', reject).bind(0, () => resolve('bound'))),
  names: () => require('node:dns').promises.lookup('example.com'),
  shell: () => starts('/bin/sh', ['-c', 'id']),
  'node-again': () => starts(process.execPath, ['-e', '1']),
  'outlives-as-a-group': () => starts(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { detached: true, timeout: 100 }),
  'forks-for-ever': () => { for (;;) starts(process.execPath, ['-e', '1']) },
  'own-program': () => { fs.writeFileSync('program', '#!/bin/sh\n', { mode: 0o755 }); return starts(path.resolve('program'), ['-e', '1']) },
  'ends-the-host': () => process.kill(at.host, 0),
  'ends-its-starter': () => process.kill(process.ppid, 0),
  'ends-all': () => process.kill(-1, 0),
  'debugs-the-host': () => process._debugProcess(at.host),
  'slows-the-host': () => require('node:os').setPriority(at.host, 19),
  'becomes-another': () => process.setuid(12345),
  'another-folder': () => process.chdir('/'),
  'memory-bomb': () => {
    const held = []
    for (let n = 0; n < 96; n++) held.push(Buffer.alloc(64 << 20, 1))
    return held.length
  },
  'heap-bomb': () => {
    const held = []
    for (let n = 0; n < 4e7; n++) held.push({ n, text: `${n}` })
    return held.length
  },
  'thread-bomb': async () => {
    const all = []
    for (let n = 0; n < 400; n++) {
      all.push(new Promise((resolve, reject) => {
        new Worker('setInterval(() => {}, 1e6)', { eval: true }).on('error', reject).on('online', resolve)
      }))
    }
    await Promise.all(all)
    return all.length
  },
  'one-large-file': () => {
    const file = fs.openSync('large', 'w')
    const piece = Buffer.alloc(8 << 20, 1)
    for (let n = 0; n < 64; n++) fs.writeSync(file, piece)
    return n
  },
  'bytes-bomb': () => {
    const piece = Buffer.alloc(8 << 20, 1)
    for (let n = 0; ; n++) fs.writeFileSync(`bytes-${n % 1e4}`, piece)
  },
  'files-bomb': () => { for (let n = 0; ; n++) fs.writeFileSync(`file-${n}`, '') },
  'open-files-bomb': () => { for (let n = 0; n < 1e5; n++) fs.openSync('package.json') },
  'folders-bomb': () => {
    let folder = '.'
    for (let n = 0; ; n++) fs.mkdirSync(folder = `${folder}/d`)
  },
  'never-ends': () => { for (;;) {} },
  'waits-for-ever': () => new Promise(() => setInterval(() => {}, 1e6)),
  'speaks-for-ever': () => { for (;;) fs.writeSync(2, 'x'.repeat(65_536)) },
  variables: () => {
    const unknown = Object.keys(process.env).filter((name) => !/^(HOME|TMPDIR|npm_config_\w+)$/.test(name))
    if (unknown.length === 0) throw new Error('nothing of the host')
    return unknown
  },
  'registry-is-asked-to-write': () => asks('https://registry.npmjs.org', 'PUT /x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n'),
  'registry-leads-elsewhere': () => asks(`http://127.0.0.1:${at.port}`, 'GET / HTTP/1.1\r\nhost: registry.npmjs.org\r\n\r\n'),
  'registry-is-given-nonsense': () => asks('x'.repeat(100_000), '\0'),
  'rights-of-others-files': () => {
    fs.chmodSync(at.secret, 0o666)
    if ((fs.statSync(at.secret).mode & 0o777) !== 0o600) return 'changed'
    throw new Error('nothing changed')
  }
}

async function run () {
  const did = await PROBES[wanted]()
  return `DID ${wanted}: ${JSON.stringify(did)}`
}

run().catch((error) => `REFUSED ${wanted}: ${error.code ?? ''} ${error.message}`).then((said) => {
  fs.writeSync(2, `npm error ${said}\n`)
  process.exit(1)
})
