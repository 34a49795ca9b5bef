/** `node:module`. */
import { builtinModules, isBuiltin, load, makeRequire } from '../modules.js'

function Module(id = '') {
  this.id = id
  this.exports = {}
  this.loaded = false
  this.children = []
  this.paths = []
}

Object.assign(Module, {
  Module, builtinModules, isBuiltin,
  createRequire: () => makeRequire(),
  register() {}, syncBuiltinESMExports() {}, findSourceMap() {}, enableCompileCache() {},
  globalPaths: [], _extensions: {}, _cache: {}, _pathCache: {}, _nodeModulePaths: () => [],
  _load: (specifier) => load(specifier),
  _resolveFilename: (specifier) => specifier,
  wrap: (code) => `(function (exports, require, module, __filename, __dirname) { ${code}\n});`,
})
Module.prototype.require = (specifier) => load(specifier)

export default Module
