/**
 * Modules of the bundle that are loaded by names made while the bot runs.
 *
 * The build puts a table into the bundle: what may be asked for, as functions that evaluate it. Where a name leads is found as
 * Node finds it: from the asking module, by paths with their extensions, and through the folders `node_modules`.
 */
import { codedError } from './errors.js'
import { find, resolve as resolvePath } from './fs/tree.js'
import { OURS, isBuiltin, load, missing } from './modules.js'

const EXTENSIONS = ['.js', '.json', '.node', '.mjs', '.cjs', '.ts', '.tsx', '.mts', '.cts']
const APP = '/app/app.js'

/** Functions that evaluate a file, by its path. */
const files = { required: Object.create(null), imported: Object.create(null) }
/** What a module may ask for by a package's name: {required, imported}, each behind a function. */
const askers = Object.create(null)
/** What was loaded, by its path, as `require.cache` shows it. */
const cache = Object.create(null)

/** The module that the program began with. */
export const main = { id: '.', path: '/app', exports: {}, filename: APP, loaded: false, children: [], paths: [], parent: null }

export function begin(file) {
  main.filename = file
  main.path = folderOf(file)
  main.paths = lookupPaths(main.path)
  main.require = requireOf(file)
}

/** Called by the bundle before the bot's own code. */
export function add(table, names) {
  Object.assign(files.required, table.required)
  Object.assign(files.imported, table.imported)
  Object.assign(askers, names)
}

const folderOf = (file) => file.slice(0, file.lastIndexOf('/')) || '/'
const isFile = (path) => find(path)?.bytes !== undefined
const isPath = (name) => /^(\.{0,2}\/|\.{1,2}$|file:)/.test(name)

function lookupPaths(folder) {
  const paths = []
  for (let at = folder; ; at = folderOf(at)) {
    if (!at.endsWith('/node_modules')) paths.push(`${at === '/' ? '' : at}/node_modules`)
    if (at === '/') return paths
  }
}

/** What a path leads to: code of the table, or a file that can be read. */
function atPath(path) {
  for (const candidate of [path, ...EXTENSIONS.map((end) => path + end), ...(/\.[cm]?js$/.test(path) ? [path.replace(/js$/, 'ts')] : [])]) {
    if (candidate in files.required || candidate in files.imported || isFile(candidate)) return candidate
  }
  const mainFile = mainOf(path)
  if (mainFile) {
    const found = atPath(resolvePath(`${path}/${mainFile}`))
    if (found) return found
  }
  return path.endsWith('/index') ? undefined : atPath(`${path}/index`)
}

function mainOf(folder) {
  const file = find(`${folder}/package.json`)
  if (!file?.bytes) return undefined
  try {
    const { main, exports } = JSON.parse(load('buffer').Buffer.from(file.bytes).toString())
    const entry = typeof exports === 'string' ? exports : exports?.['.'] ?? exports
    return target(entry) ?? main
  } catch {
    return undefined
  }
}

/** The file that conditions of `exports` lead to. */
function target(entry) {
  if (typeof entry === 'string') return entry
  if (Array.isArray(entry)) return entry.map(target).find(Boolean)
  for (const condition of ['node', 'require', 'import', 'default']) {
    const found = entry?.[condition] && target(entry[condition])
    if (found) return found
  }
  return undefined
}

/** Where a name leads from a file: {name} of a builtin, {path} and {thunk} of code, {path} of a file. */
function locate(from, name, kind) {
  if (isBuiltin(name) || OURS.has(name)) return { name }
  if (!isPath(name)) return ofPackage(from, name, kind)
  const path = resolvePath(name.startsWith('file:') ? new (load('url').URL)(name) : name.startsWith('/') ? name : `${folderOf(from)}/${name}`)
  const found = atPath(path)
  if (found) return ofFile(found, kind)
  // What `require.resolve` gave for a package is the folder that it would be in.
  const inside = path.lastIndexOf('/node_modules/')
  return inside < 0 ? undefined : ofPackage(from, path.slice(inside + '/node_modules/'.length), kind)
}

function ofFile(path, kind) {
  const other = kind === 'imported' ? 'required' : 'imported'
  const thunk = files[kind][path] ?? files[other][path]
  return { path, thunk, kind: path in files[kind] ? kind : other }
}

function ofPackage(from, name, kind) {
  const other = kind === 'imported' ? 'required' : 'imported'
  // The same name from another module leads, but for packages installed twice, to the same one.
  for (const asker of [from, ...Object.keys(askers)]) {
    const names = askers[asker]?.()
    for (const list of [kind, other]) {
      const thunk = names?.[list][name]
      if (thunk) return { path: `/app/node_modules/${name}`, thunk, kind: list }
    }
  }
  for (const folder of lookupPaths(folderOf(from))) {
    const found = atPath(`${folder}/${name}`)
    if (found) return ofFile(found, kind)
  }
  return undefined
}

function notFound(from, name) {
  const error = missing(name, name.replace(/^node:/, ''), from)
  if (isPath(name) && error.code === 'MODULE_NOT_FOUND') error.message = `Cannot find module '${name}'\nRequire stack:\n- ${from}`
  return error
}

function remember(path, exports, from) {
  const module = { id: path, path: folderOf(path), filename: path, exports, loaded: true, children: [], paths: lookupPaths(folderOf(path)), parent: null }
  if (!(path in cache)) {
    cache[path] = module
    main.children.push(module)
  }
  return exports
}

function requireFrom(from, name) {
  if (typeof name !== 'string') {
    throw codedError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "id" argument must be of type string. Received ${name === null ? 'null' : `type ${typeof name}`}`)
  }
  if (name === '') throw codedError(TypeError, 'ERR_INVALID_ARG_VALUE', "The argument 'id' must be a non-empty string. Received ''")
  const found = locate(from, name, 'required')
  if (!found) throw notFound(from, name)
  if (found.name !== undefined) return load(found.name)
  const { path, thunk, kind } = found
  if (path in cache && (!thunk || kind === 'required')) return cache[path].exports
  if (thunk) {
    if (kind === 'imported') throw codedError(Error, 'ERR_REQUIRE_ESM', `require() of ${path} from ${from} is not possible: use import() for it.`)
    return remember(path, thunk(), from)
  }
  if (path.endsWith('.json')) return remember(path, JSON.parse(load('fs').readFileSync(path, 'utf8').replace(/^\uFEFF/, '')), from)
  if (path.endsWith('.node')) throw missing(path, path, from)
  throw codedError(Error, 'MODULE_NOT_FOUND', `Cannot find module '${name}': ${path} can be read, but it is not in the bundle as code. ` +
    `Name its folder where it is loaded: require('./folder/' + name).\nRequire stack:\n- ${from}`, { requireStack: [from] })
}

function asNamespace(exports) {
  if (exports?.__esModule || Object.prototype.toString.call(exports) === '[object Module]') return exports
  const names = Object.create(null)
  if (typeof exports === 'object' || typeof exports === 'function') for (const key of Object.keys(exports ?? {}).sort()) names[key] = exports[key]
  names.default = exports
  return Object.defineProperty(names, Symbol.toStringTag, { value: 'Module' })
}

async function importFrom(from, name) {
  const text = `${name?.href ?? name}`
  const found = locate(from, text, 'imported')
  if (!found) {
    const { message } = notFound(from, text)
    throw codedError(Error, 'ERR_MODULE_NOT_FOUND', isPath(text) ? `Cannot find module '${resolvePath(new URL(text, `file://${from}`))}' imported from ${from}` : message)
  }
  if (found.thunk && found.kind === 'imported') return found.thunk()
  return asNamespace(requireFrom(from, text))
}

/** The `require` of a module. */
export function requireOf(from) {
  const file = `${from}`.startsWith('file:') ? resolvePath(new (load('url').URL)(`${from}`)) : `${from ?? APP}`
  const require = (name) => requireFrom(file, name)
  require.resolve = (name) => {
    const found = locate(file, `${name}`, 'required')
    if (!found) throw notFound(file, name)
    return found.name ?? found.path
  }
  require.resolve.paths = (name) => (isBuiltin(name) ? null : isPath(name) ? [folderOf(file)] : lookupPaths(folderOf(file)))
  require.cache = cache
  require.extensions = extensions
  require.main = main
  return require
}

/** Modules of the bundle that are kept as `require.cache` has them, by the function that evaluates each. */
const evaluatedBy = new WeakMap()
const ownModules = new WeakSet()

/**
 * Evaluates a module of the bundle, unless `require.cache` has it: what a bot takes out of there is evaluated again,
 * and what it puts there is what is loaded. `make` gives a new module for it.
 */
export function evaluated(evaluate, make) {
  const known = evaluatedBy.get(evaluate)
  if (known && (known.isAlone || cache[known.module.filename] === known.module)) return known.module.exports
  const module = make(evaluate)
  const { filename } = module
  const other = cache[filename]
  if (other && !ownModules.has(other) && !known) return other.exports
  // Two copies of a package may be seen at one path: the second is not in the cache.
  const isAlone = ownModules.has(other)
  evaluatedBy.set(evaluate, { module, isAlone })
  ownModules.add(module)
  if (!isAlone) cache[filename] = module
  try {
    Object.values(evaluate)[0](module.exports, module)
  } catch (error) {
    evaluatedBy.delete(evaluate)
    if (!isAlone) delete cache[filename]
    throw error
  }
  module.loaded = true
  return module.exports
}

/** The `import.meta.resolve` of a module: an address, whether or not anything is there unless it is a package's. */
export const resolverOf = (from) => (name) => {
  const text = `${name}`
  if (isBuiltin(text)) return text.startsWith('node:') ? text : `node:${text}`
  if (/^(data|https?|node):/.test(text)) return text
  const { pathToFileURL } = load('url')
  if (isPath(text)) {
    const path = resolvePath(text.startsWith('file:') ? new (load('url').URL)(text) : text.startsWith('/') ? text : `${folderOf(from)}/${text}`)
    return `${pathToFileURL(path)}${/\/$/.test(text) ? '/' : ''}`
  }
  const found = locate(from, text, 'imported')
  if (!found) throw Object.assign(new Error(`Cannot find package '${text}' imported from ${from}`), { code: 'ERR_MODULE_NOT_FOUND' })
  return `${pathToFileURL(found.path ?? `/app/node_modules/${text}`)}`
}

/** The `import()` of a module. */
export const importOf = (from) => (name) => importFrom(from, name)

const extensions = Object.assign(Object.create(null), { '.js': () => {}, '.json': () => {}, '.node': () => {} })

/** What `module.Module` shows of it. */
export { cache, extensions, lookupPaths }
export default { add, requireOf, importOf, resolverOf, evaluated, main }
