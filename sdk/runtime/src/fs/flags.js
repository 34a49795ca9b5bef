/** How a file is opened: `fs.constants` of Linux, and the texts that stand for some of them together. */
import { invalidArgValue, requireInt32 } from '../validators.js'

export const constants = {
  UV_FS_SYMLINK_DIR: 1, UV_FS_SYMLINK_JUNCTION: 2, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2,
  UV_DIRENT_UNKNOWN: 0, UV_DIRENT_FILE: 1, UV_DIRENT_DIR: 2, UV_DIRENT_LINK: 3, UV_DIRENT_FIFO: 4, UV_DIRENT_SOCKET: 5, UV_DIRENT_CHAR: 6, UV_DIRENT_BLOCK: 7,
  S_IFMT: 61440, S_IFREG: 32768, S_IFDIR: 16384, S_IFCHR: 8192, S_IFBLK: 24576, S_IFIFO: 4096, S_IFLNK: 40960, S_IFSOCK: 49152,
  O_CREAT: 64, O_EXCL: 128, UV_FS_O_FILEMAP: 0, O_NOCTTY: 256, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 65536, O_NOATIME: 262144, O_NOFOLLOW: 131072,
  O_SYNC: 1052672, O_DSYNC: 4096, O_DIRECT: 16384, O_NONBLOCK: 2048,
  S_IRWXU: 448, S_IRUSR: 256, S_IWUSR: 128, S_IXUSR: 64, S_IRWXG: 56, S_IRGRP: 32, S_IWGRP: 16, S_IXGRP: 8, S_IRWXO: 7, S_IROTH: 4, S_IWOTH: 2, S_IXOTH: 1,
  F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1,
  UV_FS_COPYFILE_EXCL: 1, COPYFILE_EXCL: 1, UV_FS_COPYFILE_FICLONE: 2, COPYFILE_FICLONE: 2, UV_FS_COPYFILE_FICLONE_FORCE: 4, COPYFILE_FICLONE_FORCE: 4,
}

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_SYNC, O_TRUNC, O_WRONLY } = constants
const [write, append] = [O_TRUNC | O_CREAT, O_APPEND | O_CREAT]
const both = (one, other, bits) => ({ [one]: bits, [other]: bits })

const BITS = {
  __proto__: null,
  r: O_RDONLY, ...both('rs', 'sr', O_RDONLY | O_SYNC), 'r+': O_RDWR, ...both('rs+', 'sr+', O_RDWR | O_SYNC),
  w: write | O_WRONLY, ...both('wx', 'xw', write | O_WRONLY | O_EXCL), 'w+': write | O_RDWR, ...both('wx+', 'xw+', write | O_RDWR | O_EXCL),
  a: append | O_WRONLY, ...both('ax', 'xa', append | O_WRONLY | O_EXCL), ...both('as', 'sa', append | O_WRONLY | O_SYNC),
  'a+': append | O_RDWR, ...both('ax+', 'xa+', append | O_RDWR | O_EXCL), ...both('as+', 'sa+', append | O_RDWR | O_SYNC),
}

/** The bits of `flags`, a number or a text as `wx+`. */
export function bitsOf(flags, name = 'flags') {
  if (flags === null || flags === undefined) return O_RDONLY
  if (typeof flags === 'number') {
    requireInt32(flags, name)
    return flags
  }
  const bits = BITS[flags]
  if (typeof flags !== 'string' || bits === undefined) throw invalidArgValue(name, flags)
  return bits
}

/** What of a new file's rights nobody gets. */
const UMASK = 0o22

/** The rights of a new file or folder: a number, or a text of octal digits. */
export function rightsOf(mode, otherwise = 0o666) {
  if (mode === null || mode === undefined) return otherwise & ~UMASK
  if (typeof mode === 'string') {
    if (!/^[0-7]+$/.test(mode)) throw invalidArgValue('mode', mode, 'must be a 32-bit unsigned integer or an octal string')
    mode = parseInt(mode, 8)
  }
  requireInt32(mode, 'mode', 0, 2 ** 32 - 1)
  return mode & 0o7777 & ~UMASK
}
