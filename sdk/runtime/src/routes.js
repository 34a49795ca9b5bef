/** Finds the routes of a server's Express applications, so that the host knows which path takes webhooks. */
import { routing } from './http/server.js'
import { METHODS } from './http/tables.js'
import { onMount } from './node/events.js'

/** From an application to those mounted in it, in order: Express hides them behind functions of its own. */
const mounted = new WeakMap()

/** Called with each `mount` event; only Express emits those. */
onMount.record = (child, parent) => {
  if (typeof parent !== 'function') return
  if (!mounted.has(parent)) mounted.set(parent, [])
  mounted.get(parent).push(child)
}

/** @returns {{method: string, path: string}[]} `ALL` stands for every method */
export function routesOf(server) {
  return server.listeners('request').flatMap((listener) => walk(listener, '', new Set()))
}

routing.has = (server) => routesOf(server).length > 0

/** The router of an application or of a router: Express 4 keeps it at `_router`, 5 makes `router` when it is read. */
function routerOf(app) {
  if (typeof app !== 'function') return undefined
  if (Array.isArray(app.stack)) return app
  if (app._router) return app._router
  try {
    // In Express 4 this getter throws.
    return typeof app.set === 'function' ? app.router : undefined
  } catch {
    return undefined
  }
}

function walk(app, prefix, seen) {
  const router = routerOf(app)
  if (!Array.isArray(router?.stack) || seen.has(router)) return []
  seen.add(router)
  const found = []
  const children = (mounted.get(app) ?? []).slice()
  for (const layer of router.stack) {
    if (layer.route) {
      found.push(...routesOfLayer(layer.route, prefix))
    } else if (layer.name === 'mounted_app' && children.length > 0) {
      const child = children.shift()
      for (const path of [child.mountpath].flat()) found.push(...walk(child, join(prefix, textOf(path)), seen))
    } else {
      for (const path of mountsOf(layer)) found.push(...walk(layer.handle, join(prefix, path), seen))
    }
  }
  // A router may be mounted at two places; only a router inside itself must end.
  seen.delete(router)
  return found
}

function routesOfLayer(route, prefix) {
  const named = Object.keys(route.methods ?? {}).filter((name) => route.methods[name])
  // `app.all` of Express 4 is a route for every method there is.
  const methods = named.length >= METHODS.length - 1 ? ['_all'] : named
  return [route.path].flat(Infinity).flatMap((path) => methods.map((method) => (
    { method: method === '_all' ? 'ALL' : method.toUpperCase(), path: join(prefix, textOf(path)) || '/' })))
}

const textOf = (path) => (path instanceof RegExp ? String(path) : String(path ?? ''))

function join(prefix, path) {
  if (path === '' || path === '/') return prefix
  return `${prefix}${path.startsWith('/') ? '' : '/'}${path.replace(/\/$/, '')}`
}

/** Where a layer is mounted: Express 5 keeps the path, 4 only the regular expression made of it. */
function mountsOf(layer) {
  if (layer.rawPath !== undefined) return [layer.rawPath].flat().map(textOf)
  if (layer.slash || layer.regexp?.fast_slash || !layer.regexp) return ['']
  return [pathOf(layer.regexp.source, layer.keys ?? [])]
}

/** `^\/shops\/(?:([^\/]+?))\/?(?=\/|$)` back to `/shops/:name`. */
function pathOf(source, keys) {
  let next = 0
  return source
    .replace(/^\^/, '')
    .replace(/\\\/\?\(\?=\\\/\|\$\)$/, '')
    .replace(/\(\?:(\\\/)?\(\[\^\\?\/\]\+\?\)\)/g, (match, slash) => `${slash ? '/' : ''}:${keys[next++]?.name ?? 'param'}`)
    .replace(/\\(.)/g, '$1')
}
