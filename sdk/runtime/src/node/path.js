/** `node:path`, with both of its sides; patterns are those of `fs.glob`. */
import * as posixPath from 'path-unified/posix'
import * as win32Path from 'path-unified/win32'
import { invalidArgType } from '../errors.js'
import { matches } from '../fs/glob.js'

/** Arguments that are no text are refused as Node refuses them, in its words and with its code. */
function checked(run, names) {
  const rest = names.at(-1).startsWith('...')
  return Object.defineProperty(function (...args) {
    args.forEach((value, i) => {
      const name = rest ? names[0].slice(3).replace('#', i) : names[i]
      const optional = name === 'suffix' && value === undefined
      if (name !== undefined && !optional && typeof value !== 'string') throw invalidArgType(name, 'of type string', value)
    })
    if (!rest && args.length === 0) throw invalidArgType(names[0], 'of type string', undefined)
    return run(...args)
  }, 'name', { value: run.name.replace(/^(pos|win)/, '').replace(/^./, (c) => c.toLowerCase()) })
}

function side(path, windows) {
  const own = { ...path }
  const texts = { resolve: ['...paths[#]'], join: ['...path'], normalize: ['path'], isAbsolute: ['path'], relative: ['from', 'to'], dirname: ['path'], basename: ['path', 'suffix'], extname: ['path'], parse: ['path'] }
  for (const [name, names] of Object.entries(texts)) own[name] = checked(path[name], names)
  const { extname } = own
  Object.assign(own, {
    // The library goes over a path character by character, and a server asks this of a plain name at each answer.
    extname(path) {
      if (typeof path !== 'string' || path[0] === '.' || /[/\\:]/.test(path)) return extname(path)
      const dot = path.lastIndexOf('.')
      return dot < 0 ? '' : path.slice(dot)
    },
  })
  own.format = function format(parts) {
    if (parts === null || typeof parts !== 'object' || Array.isArray(parts)) throw invalidArgType('pathObject', 'of type object', parts)
    // A dot before the extension may be left out.
    const ext = parts.ext && !parts.ext.startsWith('.') ? `.${parts.ext}` : parts.ext
    return path.format({ ...parts, ext })
  }
  own.matchesGlob = function matchesGlob(text, pattern) { return matches(text, pattern, windows) }
  own._makeLong = own.toNamespacedPath
  return own
}

const [posix, win32] = [side(posixPath, false), side(win32Path, true)]
for (const one of [posix, win32]) Object.assign(one, { posix, win32 })

export default posix
