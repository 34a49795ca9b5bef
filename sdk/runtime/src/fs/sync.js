/** The synchronous functions of `node:fs`; the others are made from these. */
import { codedError, invalidArgType, systemError } from '../errors.js'
import { Buffer } from '../node/buffer.js'
import { fillRandom } from '../random.js'
import { Dir } from './dir.js'
import { bitsOf, constants, rightsOf } from './flags.js'
import { leads, matches } from './glob.js'
import { Dirent, Stats } from './stats.js'
import { changedAt, createFile, find, hardLink, makeDirectory, mustFind, notFolder, realPath, removeDirectory, rename, resolve as resolvePath, setBytes, symlink, unlink } from './tree.js'

/** @type {Map<number, {file: object, path: string, position: number, append: boolean, readable: boolean, writable: boolean}>} */
const open = new Map()
let nextFd = 3

const encodingOf = (options) => (typeof options === 'string' ? options : options?.encoding)
const text = (bytes, encoding) => (encoding && encoding !== 'buffer' ? bytes.toString(encoding) : bytes)

const isFolderName = (path) => String(path?.pathname ?? path).endsWith('/')

/** The path that a function is given; a file has none that ends with a slash. */
function resolve(path, syscall = 'open') {
  const full = resolvePath(path)
  if (isFolderName(path) && find(full)?.bytes !== undefined) throw notFolder(syscall, path)
  return full
}

function opened(fd, syscall) {
  const entry = open.get(fd)
  if (!entry) throw systemError('EBADF', 'bad file descriptor', syscall)
  return entry
}

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_TRUNC, O_WRONLY } = constants
/** Where in the bits it says whether the file is read, written or both. */
const ACCESS = 3

/** The file at a path as the bits say: made, emptied, or refused. */
function openFile(path, bits, mode) {
  const rights = rightsOf(mode)
  const full = resolve(path)
  const writes = (bits & ACCESS) !== O_RDONLY
  if (bits & O_NOFOLLOW && find(full, true)?.target !== undefined && !(bits & O_CREAT && bits & O_EXCL)) {
    throw systemError('ELOOP', 'too many symbolic links encountered', 'open', path)
  }
  const known = find(full)
  const file = bits & O_CREAT ? createFile(full, path, Boolean(bits & O_EXCL)) : mustFind(full, 'open', path)
  if (file.entries && (writes || bits & O_TRUNC)) throw systemError('EISDIR', 'illegal operation on a directory', 'open', path)
  if (!file.entries && bits & O_DIRECTORY) throw notFolder('open', path)
  if (!known) file.mode = (file.mode & ~0o7777) | rights
  else if (bits & O_TRUNC) setBytes(file, Buffer.alloc(0), full)
  return { file, full }
}

function openSync(path, flags, mode) {
  const bits = bitsOf(flags)
  const { file, full } = openFile(path, bits, mode)
  const fd = nextFd++
  const access = bits & ACCESS
  open.set(fd, { file, path: full, position: 0, append: Boolean(bits & O_APPEND), readable: access !== O_WRONLY, writable: access !== O_RDONLY })
  return fd
}

function readSync(fd, buffer, offset = 0, length, position) {
  if (typeof offset === 'object' && offset !== null) ({ offset = 0, length, position } = offset)
  length ??= buffer.byteLength - offset
  const entry = opened(fd, 'read')
  if (!entry.readable) throw systemError('EBADF', 'bad file descriptor', 'read')
  if (!entry.file.bytes) throw systemError('EISDIR', 'illegal operation on a directory', 'read')
  const from = position === null || position === undefined || Number(position) < 0 ? entry.position : Number(position)
  const part = entry.file.bytes.subarray(from, from + length)
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).set(part, offset)
  if (from === entry.position && (position === null || position === undefined || Number(position) < 0)) entry.position += part.length
  return part.length
}

function writeSync(fd, data, offset, length, position) {
  if (fd === 1 || fd === 2) {
    (fd === 1 ? process.stdout : process.stderr).write(data)
    return data.length
  }
  let bytes
  if (typeof data === 'string') {
    bytes = Buffer.from(data, typeof length === 'string' ? length : 'utf8')
    position = offset
  } else {
    if (typeof offset === 'object' && offset !== null) ({ offset, length, position } = offset)
    bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength).subarray(offset ?? 0, length === undefined ? undefined : (offset ?? 0) + length)
  }
  const entry = opened(fd, 'write')
  if (!entry.writable) throw systemError('EBADF', 'bad file descriptor', 'write')
  const { file } = entry
  const at = entry.append ? file.bytes.length : typeof position === 'number' ? position : entry.position
  const end = at + bytes.length
  const content = Buffer.alloc(Math.max(file.bytes.length, end))
  content.set(file.bytes)
  content.set(bytes, at)
  setBytes(file, content, entry.path)
  if (typeof position !== 'number') entry.position = end
  return bytes.length
}

function readFileSync(path, options) {
  const isOpen = typeof path === 'number'
  const bits = isOpen ? O_RDONLY : bitsOf(options?.flag)
  const { file, readable = (bits & ACCESS) !== O_WRONLY } = isOpen ? opened(path, 'read') : openFile(path, bits)
  if (!readable) throw systemError('EBADF', 'bad file descriptor', 'read')
  if (file.entries) throw systemError('EISDIR', 'illegal operation on a directory', 'read')
  return text(Buffer.from(file.bytes), encodingOf(options))
}

function writeFileSync(path, data, options, append = false) {
  if (typeof data !== 'string' && !ArrayBuffer.isView(data)) throw invalidArgType('data', 'of type string or an instance of Buffer, TypedArray, or DataView', data)
  const bytes = typeof data === 'string' ? Buffer.from(data, encodingOf(options)) : Buffer.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  if (typeof path === 'number') return void writeSync(path, bytes)
  const bits = bitsOf(options?.flag || (append ? 'a' : 'w'))
  const { file, full } = openFile(path, bits, options?.mode)
  if ((bits & ACCESS) === O_RDONLY) throw systemError('EBADF', 'bad file descriptor', 'write')
  setBytes(file, bits & O_APPEND ? Buffer.concat([file.bytes, bytes]) : Buffer.concat([bytes, file.bytes.subarray(bytes.length)]), full)
}

function readdirSync(path, options) {
  const full = resolve(path, 'scandir')
  const directory = mustFind(full, 'scandir', path)
  if (!directory.entries) throw systemError('ENOTDIR', 'not a directory', 'scandir', path)
  const found = []
  const walk = (node, where, prefix) => {
    for (const name of [...node.entries.keys()].sort()) {
      const child = node.entries.get(name)
      found.push(options?.withFileTypes ? new Dirent(name, where, child) : prefix + name)
      if (options?.recursive && child.entries) walk(child, `${where}/${name}`, `${prefix}${name}/`)
    }
  }
  walk(directory, full, '')
  return found
}

function statSync(path, options, syscall = 'stat') {
  const itself = syscall === 'lstat'
  const full = resolvePath(path)
  const node = find(full, itself)
  const isMissing = !node || isFolderName(path) && node.bytes !== undefined
  if (isMissing && options?.throwIfNoEntry === false) return undefined
  return new Stats(isMissing ? mustFind(resolve(path, syscall), syscall, path, itself) : node, options?.bigint)
}

function rmSync(path, options = {}) {
  const full = resolve(path)
  const node = find(full, true)
  if (!node) {
    if (options.force) return
    throw systemError('ENOENT', 'no such file or directory', 'lstat', path)
  }
  if (!node.entries) return unlink(full, path)
  if (!options.recursive) {
    throw codedError(Error, 'ERR_FS_EISDIR', `Path is a directory: rm returned EISDIR (is a directory) ${path}`, { name: 'SystemError', errno: 21, syscall: 'rm', path })
  }
  removeDirectory(full, true, path)
}

function copyFileSync(from, to, mode = 0) {
  const source = mustFind(resolve(from), 'copyfile', from)
  if (source.entries) throw systemError('EISDIR', 'illegal operation on a directory', 'copyfile', from, to)
  if (mode & 1 && find(resolve(to))) throw systemError('EEXIST', 'file already exists', 'copyfile', from, to)
  const copy = createFile(resolve(to), to)
  setBytes(copy, Buffer.from(source.bytes), resolve(to))
  copy.mode = source.mode
}

function cpSync(from, to, options = {}) {
  if (options.filter && !options.filter(String(from), String(to))) return
  const source = mustFind(resolve(from), 'cp', from, !options.dereference)
  const target = resolve(to)
  if (source.target !== undefined) {
    if (find(target, true)) unlink(target, to)
    return symlink(resolve(source.target), target)
  }
  if (!source.entries) {
    if (find(target) && options.errorOnExist && options.force === false) throw codedError(Error, 'ERR_FS_CP_EEXIST', `Target already exists: cp returned EEXIST (${to} already exists) ${to}`)
    if (find(target) && options.force === false) return
    makeDirectory(target.slice(0, target.lastIndexOf('/')) || '/', true)
    copyFileSync(from, to)
    if (options.preserveTimestamps) find(target).mtime = changedAt(source)
    return
  }
  if (!options.recursive) {
    throw codedError(Error, 'ERR_FS_EISDIR', `Recursive option not enabled, cannot copy a directory: cp returned EISDIR (${from} is a directory (not copied)) ${from}`, { name: 'SystemError', errno: 21, syscall: 'cp', path: String(from) })
  }
  makeDirectory(target, true)
  for (const name of source.entries.keys()) cpSync(`${from}/${name}`, `${to}/${name}`, options)
}

/** Rights are kept and shown, and hold for nobody: the bot is the only user. */
function chmodSync(path, mode) {
  const node = typeof path === 'number' ? opened(path, 'fchmod').file : mustFind(resolve(path), 'chmod', path)
  node.mode = (node.mode & ~0o7777) | ((typeof mode === 'string' ? parseInt(mode, 8) : mode) & 0o7777)
}

const milliseconds = (time) => (time instanceof Date ? +time : Number(time) * 1000)

function setTimes(node, atime, mtime) {
  node.atime = milliseconds(atime)
  node.mtime = milliseconds(mtime)
}

function readlinkSync(path, options) {
  const { target } = mustFind(resolve(path), 'readlink', path, true)
  if (target === undefined) throw systemError('EINVAL', 'invalid argument', 'readlink', path)
  return encodingOf(options) === 'buffer' ? Buffer.from(target) : target
}

/** Each file or folder below `cwd` that fits a pattern, by its name from there. */
function globSync(patterns, { cwd = '.', exclude, withFileTypes = false } = {}) {
  const top = resolve(cwd)
  const wanted = [patterns].flat()
  const isLeftOut = (shown, dirent) => (typeof exclude === 'function' ? exclude(withFileTypes ? dirent : shown)
    : [exclude ?? []].flat().some((pattern) => matches(shown, pattern)))
  const found = []
  const walk = (folder, prefix) => {
    for (const [name, node] of find(folder)?.entries ?? []) {
      const path = prefix + name
      const dirent = new Dirent(name, folder, node)
      if (isLeftOut(path, dirent)) continue
      if (wanted.some((pattern) => matches(pattern.startsWith('/') ? `${folder === '/' ? '' : folder}/${name}` : path, pattern.replace(/^\.\//, '')))) found.push(withFileTypes ? dirent : path)
      if (node.entries && wanted.some((pattern) => pattern.startsWith('/') || leads(path, pattern.replace(/^\.\//, '')))) walk(`${folder === '/' ? '' : folder}/${name}`, `${path}/`)
    }
  }
  const isRooted = wanted.some((pattern) => pattern.startsWith('/'))
  if (isRooted && !wanted.every((pattern) => pattern.startsWith('/'))) return wanted.flatMap((pattern) => globSync(pattern, { cwd, exclude, withFileTypes }))
  walk(isRooted ? '/' : top, isRooted ? '/' : '')
  return found
}

/** A file system in memory, of which nobody knows how large it is: the sizes are those of what may be written. */
function statfsSync(path, { bigint = false } = {}) {
  mustFind(resolve(path), 'statfs', path)
  const numbers = { type: 0x01021994, bsize: 4096, blocks: 2048, bfree: 2048, bavail: 2048, files: 65536, ffree: 65536 }
  return bigint ? Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, BigInt(number)])) : numbers
}

function mkdtempSync(prefix) {
  const bytes = new Uint8Array(3)
  fillRandom(bytes)
  const path = prefix + Buffer.from(bytes).toString('hex')
  makeDirectory(resolve(path), false, path)
  return path
}

const realpathSync = (path) => {
  mustFind(resolve(path), 'realpath', path)
  return realPath(resolve(path))
}
realpathSync.native = realpathSync

export default {
  openSync, readSync, writeSync, readFileSync, writeFileSync, readdirSync, statSync, rmSync, copyFileSync, cpSync, mkdtempSync,
  realpathSync, chmodSync, readlinkSync, globSync, statfsSync,
  closeSync(fd) { opened(fd, 'close'); open.delete(fd) },
  appendFileSync: (path, data, options) => writeFileSync(path, data, options, true),
  existsSync(path) {
    try {
      return find(resolve(path)) !== undefined
    } catch {
      return false
    }
  },
  accessSync: (path) => void mustFind(resolve(path, 'access'), 'access', path),
  lstatSync: (path, options) => statSync(path, options, 'lstat'),
  fstatSync: (fd, options) => new Stats(opened(fd, 'fstat').file, options?.bigint),
  mkdirSync(path, options) {
    return makeDirectory(resolvePath(path), Boolean(options?.recursive), path)
  },
  rmdirSync: (path, options) => removeDirectory(resolve(path), options?.recursive, path),
  unlinkSync: (path) => unlink(resolve(path, 'unlink'), path),
  renameSync: (from, to) => rename(resolve(from), resolve(to), from, to),
  truncateSync(path, length = 0) {
    const file = mustFind(resolve(path), 'open', path)
    const content = Buffer.alloc(length)
    content.set(file.bytes.subarray(0, length))
    setBytes(file, content, resolve(path))
  },
  ftruncateSync(fd, length = 0) {
    const { file, path } = opened(fd, 'ftruncate')
    setBytes(file, Buffer.concat([file.bytes.subarray(0, length), Buffer.alloc(Math.max(0, length - file.bytes.length))]), path)
  },
  utimesSync: (path, atime, mtime) => setTimes(mustFind(resolve(path), 'utime', path), atime, mtime),
  futimesSync: (fd, atime, mtime) => setTimes(opened(fd, 'futime').file, atime, mtime),
  lutimesSync: (path, atime, mtime) => setTimes(mustFind(resolve(path), 'lutime', path, true), atime, mtime),
  fchmodSync: chmodSync, chownSync: (path) => void mustFind(resolve(path), 'chown', path), fchownSync: (fd) => void opened(fd, 'fchown'),
  lchownSync: (path) => void mustFind(resolve(path), 'lchown', path, true),
  fsyncSync(fd) { opened(fd, 'fsync') }, fdatasyncSync(fd) { opened(fd, 'fdatasync') },
  linkSync: (from, to) => hardLink(resolve(from), resolve(to), from, to),
  symlinkSync: (target, path) => symlink(target instanceof Uint8Array ? Buffer.from(target).toString() : target?.protocol ? resolve(target) : target, resolve(path), path),
  readvSync: (fd, views) => views.reduce((sum, view) => sum + readSync(fd, view), 0),
  writevSync: (fd, views) => views.reduce((sum, view) => sum + writeSync(fd, view), 0),
  opendirSync(path, options) {
    const full = resolve(path)
    if (!mustFind(full, 'opendir', path).entries) throw systemError('ENOTDIR', 'not a directory', 'opendir', path)
    return new Dir(String(path), readdirSync(path, { ...options, withFileTypes: true }))
  },
}
