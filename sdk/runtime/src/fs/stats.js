/** `fs.Stats` and `fs.Dirent`. */
import { changedAt } from './tree.js'

const FILE_TYPE = 0o170000
const is = (type) => function () { return (this.mode & FILE_TYPE) === type }

export function Stats(node, bigint = false) {
  const size = node.bytes?.length ?? node.target?.length ?? 0
  const number = bigint ? (value) => BigInt(Math.round(value)) : (value) => value
  Object.assign(this, {
    dev: number(1), mode: number(node.mode), nlink: number(node.nlink), uid: number(1000), gid: number(1000), rdev: number(0),
    blksize: number(4096), ino: number(node.ino), size: number(size), blocks: number(Math.ceil(size / 512)),
  })
  for (const name of ['atime', 'mtime', 'ctime', 'birthtime']) {
    const ms = (name === 'atime' ? node.atime : undefined) ?? changedAt(node)
    this[`${name}Ms`] = number(ms)
    if (bigint) this[`${name}Ns`] = BigInt(Math.round(ms * 1000)) * 1000n
    this[name] = new Date(ms)
  }
}

Object.assign(Stats.prototype, {
  isFile: is(0o100000), isDirectory: is(0o040000), isSymbolicLink: is(0o120000), isFIFO: () => false, isSocket: () => false,
  isBlockDevice: () => false, isCharacterDevice: () => false,
})

export class Dirent {
  constructor(name, path, node) {
    this.name = name
    this.parentPath = path
    this.path = path
    this.mode = node.mode
    Object.defineProperty(this, 'mode', { enumerable: false })
  }
}
Object.assign(Dirent.prototype, {
  isFile: is(0o100000), isDirectory: is(0o040000), isSymbolicLink: is(0o120000), isFIFO: () => false, isSocket: () => false,
  isBlockDevice: () => false, isCharacterDevice: () => false,
})
