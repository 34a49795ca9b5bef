/** `node:path`, posix only. */
import path from 'path-browserify'

path.posix = path
// No path here has a drive letter; packages only ask whether `path.win32` is `path`.
path.win32 = { ...path, sep: '\\', delimiter: ';' }
path.toNamespacedPath ??= (text) => text
path.matchesGlob ??= (text, pattern) => new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  .replace(/\*\*\/?/g, '\0').replace(/\*/g, '[^/]*').replace(/\?/g, '[^/]').replaceAll('\0', '.*')}$`).test(text)

export default path
