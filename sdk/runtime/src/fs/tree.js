/** The file system: a tree in memory, with the bot's own files under /app. */
import { systemError } from '../errors.js'
import { callNow, log } from '../host.js'
import { Buffer } from '../node/buffer.js'
import { isEnvironmentFile, write } from './dotenv.js'

/** What all files that the bot writes may hold together. */
const CAP = 8 * 1024 * 1024
const DIRECTORY = 0o040755
const FILE = 0o100644
const LINK = 0o120777
/** Seconds: the files of a bot were last changed after this, and before these have passed. */
const FIRST_TIME = 978_307_200
const TIMES = 788_918_400
const HASHED_AT_ONCE = 1 << 18
/** How many links may lead to others. */
const MAX_LINKS = 40

let inode = 1
let written = 0
let warned = false

/** @typedef {{ino: number, mode: number, nlink: number, mtime?: number, atime?: number, entries?: Map<string, Node>, bytes?: Uint8Array, target?: string}} Node */

const make = (mode) => ({ ino: inode++, mode, nlink: 1, mtime: 0, entries: mode === DIRECTORY ? new Map() : undefined, bytes: undefined })
const root = make(DIRECTORY)

/** What the host gave the bot, as the text of a `.env`. */
let environment = ''

/** Puts the files of the bundle, path and bytes in turn, under /app; `env` is what a `.env` there shows. */
export function install(files = [], env = {}) {
  environment = write(env)
  for (const path of ['/app', '/tmp', '/dev']) if (!find(path)) makeDirectory(path, true)
  for (let i = 0; i < files.length; i += 2) {
    const full = resolve(files[i])
    makeDirectory(full.slice(0, full.lastIndexOf('/')) || '/', true)
    const file = make(FILE)
    const { buffer, byteOffset, byteLength } = files[i + 1]
    file.bytes = Buffer.from(buffer, byteOffset, byteLength)
    file.mtime = undefined
    parentOf(full, 'open').entries.set(nameOf(full), file)
  }
}

/**
 * When a file was changed, in milliseconds. Of the bundle's files nobody knows, and an image must come out the same each time it is
 * made: theirs is a whole second between 2001 and 2025 that follows from the content, and is another when the content is. Entity
 * tags are made of size and time, and a page that changed must not have the tag it had. It is worked out when it is asked for.
 */
export function changedAt(file) {
  if (file.mtime === undefined) {
    let hash = 0
    for (let at = 0; at < file.bytes.length; at += HASHED_AT_ONCE) {
      hash = callNow('compression.crc32', [file.bytes.subarray(at, at + HASHED_AT_ONCE), hash])
    }
    file.mtime = (FIRST_TIME + hash % TIMES) * 1000
  }
  return file.mtime
}

/** An absolute path without dots, of what `fs` functions accept as a path. */
export function resolve(path, name = 'path') {
  if (path instanceof Uint8Array) path = Buffer.from(path).toString()
  else if (path?.protocol === 'file:') path = decodeURIComponent(path.pathname)
  if (typeof path !== 'string') {
    const error = new TypeError(`The "${name}" argument must be of type string or an instance of Buffer or URL. Received ${path === null ? 'null' : typeof path}`)
    throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' })
  }
  const parts = []
  for (const part of (path.startsWith('/') ? path : `/app/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** @returns {Node | undefined} what is at a path; of a link, unless `itself` is asked for, what it leads to */
export function find(path, itself = false) {
  return entry(path, itself) ?? (isEnvironmentFile(path) ? environmentFile() : undefined)
}

function environmentFile() {
  const file = make(FILE)
  file.bytes = Buffer.from(environment)
  return file
}

function entry(path, itself = false) {
  const at = follow(path, itself)
  return at?.node
}

/** The node at a path, and the path without links that it is at. */
function follow(path, itself, links = 0) {
  let node = root
  let real = ''
  const parts = path.split('/').filter((part) => part !== '')
  for (let i = 0; i < parts.length; i++) {
    node = node.entries?.get(parts[i])
    if (!node) return undefined
    real += `/${parts[i]}`
    if (node.target === undefined || (itself && i === parts.length - 1)) continue
    if (links >= MAX_LINKS) throw systemError('ELOOP', 'too many symbolic links encountered', 'open', path)
    const rest = parts.slice(i + 1).join('/')
    const target = node.target.startsWith('/') ? node.target : `${real.slice(0, real.lastIndexOf('/'))}/${node.target}`
    return follow(resolve(`${target}/${rest}`), itself && rest !== '', links + 1)
  }
  return { node, path: real || '/' }
}

/** The path without links. */
export const realPath = (path) => follow(path, false)?.path ?? path

/** Puts a link to a path at another. */
export function symlink(target, path, shown = path) {
  if (find(path, true)) throw systemError('EEXIST', 'file already exists', 'symlink', target, shown)
  const link = make(LINK)
  Object.assign(link, { target, mtime: Date.now() })
  parentOf(path, 'symlink', shown).entries.set(nameOf(path), link)
}

/** Gives a file a second name. */
export function hardLink(from, to, shownFrom, shownTo) {
  const node = mustFind(from, 'link', shownFrom, true)
  if (node.entries) throw systemError('EPERM', 'operation not permitted', 'link', shownFrom, shownTo)
  if (find(to, true)) throw systemError('EEXIST', 'file already exists', 'link', shownFrom, shownTo)
  parentOf(to, 'link', shownTo).entries.set(nameOf(to), node)
  node.nlink++
}

export function mustFind(path, syscall, shown = path, itself = false) {
  const node = find(path, itself)
  if (!node) throw notThere(path, syscall, shown)
  return node
}

function notThere(path, syscall, shown) {
  const folder = path.slice(0, path.lastIndexOf('/'))
  const above = folder && find(folder)
  if (folder && !above) return notThere(folder, syscall, shown)
  return above && !above.entries ? notFolder(syscall, shown) : systemError('ENOENT', 'no such file or directory', syscall, shown)
}

export const notFolder = (syscall, shown) => systemError('ENOTDIR', 'not a directory', syscall, shown)

function parentOf(path, syscall, shown = path) {
  const parent = find(path.slice(0, path.lastIndexOf('/')) || '/')
  if (!parent) throw notThere(path, syscall, shown)
  if (!parent.entries) throw notFolder(syscall, shown)
  return parent
}

const nameOf = (path) => path.slice(path.lastIndexOf('/') + 1)

export function makeDirectory(path, recursive, shown = path) {
  const existing = find(path)
  if (existing) {
    if (recursive && existing.entries) return undefined
    throw systemError('EEXIST', 'file already exists', 'mkdir', shown)
  }
  const parent = path.slice(0, path.lastIndexOf('/')) || '/'
  let first
  if (recursive && !find(parent)) first = makeDirectory(parent, true, shown)
  parentOf(path, 'mkdir', shown).entries.set(nameOf(path), make(DIRECTORY))
  return first ?? path
}

/** The file at a path, made when it is not there. */
export function createFile(path, shown = path, exclusive = false) {
  const link = entry(path, true)
  if (link?.target !== undefined && !exclusive && !entry(path)) {
    return createFile(resolve(link.target.startsWith('/') ? link.target : `${path.slice(0, path.lastIndexOf('/'))}/${link.target}`), shown)
  }
  const existing = exclusive ? link : entry(path)
  if (existing && exclusive) throw systemError('EEXIST', 'file already exists', 'open', shown)
  if (existing?.entries) throw systemError('EISDIR', 'illegal operation on a directory', 'open', shown)
  if (existing) return existing
  const file = isEnvironmentFile(path) ? environmentFile() : make(FILE)
  file.bytes ??= Buffer.alloc(0)
  file.mtime = Date.now()
  parentOf(path, 'open', shown).entries.set(nameOf(path), file)
  return file
}

/** Gives a file its content, within the cap. */
export function setBytes(file, bytes, path) {
  if (path === '/dev/null') return
  if (written - file.bytes.length + bytes.length > CAP) throw systemError('ENOSPC', 'no space left on device', 'write', path)
  if (!warned && path && !path.startsWith('/tmp/')) {
    warned = true
    log('warn', `the bot wrote the file ${path}: files live in memory and go with the instance; keep what must last in the database`)
  }
  written += bytes.length - file.bytes.length
  file.bytes = bytes
  file.mtime = Date.now()
}

export function unlink(path, shown) {
  const node = mustFind(path, 'unlink', shown, true)
  if (node.entries) throw systemError('EISDIR', 'illegal operation on a directory', 'unlink', shown)
  parentOf(path, 'unlink').entries.delete(nameOf(path))
  if (--node.nlink === 0) written = Math.max(0, written - (node.bytes?.length ?? 0))
}

export function removeDirectory(path, recursive, shown) {
  const node = mustFind(path, 'rmdir', shown, true)
  if (!node.entries) throw systemError('ENOTDIR', 'not a directory', 'rmdir', shown)
  if (node.entries.size > 0 && !recursive) throw systemError('ENOTEMPTY', 'directory not empty', 'rmdir', shown)
  for (const name of [...node.entries.keys()]) {
    const child = `${path}/${name}`
    if (find(child, true).entries) removeDirectory(child, true, child)
    else unlink(child, child)
  }
  parentOf(path, 'rmdir').entries.delete(nameOf(path))
}

export function rename(from, to, shownFrom, shownTo) {
  const node = mustFind(from, 'rename', shownFrom, true)
  const target = parentOf(to, 'rename', shownTo)
  parentOf(from, 'rename').entries.delete(nameOf(from))
  target.entries.set(nameOf(to), node)
}
