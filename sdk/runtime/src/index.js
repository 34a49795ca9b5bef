/** The runtime's entry: what Node has, put into an engine that has ECMAScript only. */
import { install as installStacks } from './stacks.js'
import { boot, broken, compiling } from './boot.js'
import { engine } from './engine.js'
import { onEvent, onPath } from './event.js'
import { install as installGlobals } from './globals.js'
import { install as installIntl } from './intl/install.js'
import { onRequest } from './http/server.js'
import { load, namespaceOf } from './modules.js'
import { turn } from './loop/turn.js'
import { onRejection, uncaught } from './loop/uncaught.js'
import { names, warm } from './warm.js'

/** What every Express bot needs: evaluated here, it is in the snapshot that all bots share. */
const PRELOADED = ['async_hooks', 'buffer', 'crypto', 'diagnostics_channel', 'events', 'fs', 'http', 'https', 'net', 'os', 'path',
  'process', 'querystring', 'stream', 'string_decoder', 'timers', 'tty', 'url', 'util', 'zlib', 'pg']

installStacks()
installGlobals()
installIntl()
for (const name of PRELOADED) load(name)

engine.onrequest = (...request) => {
  onPath(request[4])
  onRequest(...request)
}
engine.onimport = namespaceOf
engine.onturn = turn
engine.onrejection = onRejection
engine.onuncaught = (error) => uncaught(error)
engine.onboot = boot
engine.oncompile = compiling
engine.onbroken = broken
engine.onevent = onEvent

// Builtins that no global names are reached through what they make.
warm([
  globalThis, (function * () {})(), (async function * () {})(), async () => {}, [][Symbol.iterator](), ''[Symbol.iterator](),
  new Map().entries(), new Set().values(), 'x'.matchAll(/x/g),
])
engine.names = names
