/** `node:module`. */
import { cache, extensions, lookupPaths, requireOf } from '../by_name.js'
import { codedError } from '../errors.js'
import { builtinModules, isBuiltin } from '../modules.js'

function Module(id = '', parent = undefined) {
  this.id = id
  this.path = id.slice(0, id.lastIndexOf('/')) || '.'
  this.exports = {}
  this.filename = null
  this.loaded = false
  this.children = []
  this.paths = []
  this.parent = parent
}

function createRequire(from) {
  const text = `${from?.href ?? from}`
  if (!/^(\/|file:)/.test(text)) {
    throw codedError(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'filename' must be a file URL object, file URL string, or absolute path string. Received '${text}'`)
  }
  return requireOf(text)
}

const fileOf = (parent) => parent?.filename ?? '/app/app.js'

Object.assign(Module, {
  Module, builtinModules, isBuiltin, createRequire,
  register() {}, syncBuiltinESMExports() {}, findSourceMap() {}, enableCompileCache() {},
  globalPaths: [], _extensions: extensions, _cache: cache, _pathCache: {}, _nodeModulePaths: lookupPaths,
  _load: (specifier, parent) => requireOf(fileOf(parent))(specifier),
  _resolveFilename: (specifier, parent) => requireOf(fileOf(parent)).resolve(specifier),
  wrap: (code) => `(function (exports, require, module, __filename, __dirname) { ${code}\n});`,
})
Module.prototype.require = function (specifier) { return requireOf(fileOf(this))(specifier) }

export default Module
