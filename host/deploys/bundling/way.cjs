// Loaded before npm, in a process that can make no connection: each that npm wants is one that it was given.
'use strict'

const net = require('node:net')
const tls = require('node:tls')

const given = (process.env.ROOST_WAY ?? '').split(',').filter(Boolean).map(Number)
delete process.env.ROOST_WAY

// The host on the other side does what TLS there is to do: it is told where to.
function connect (scheme, options) {
  const descriptor = given.shift()
  if (descriptor === undefined) {
    const none = new net.Socket()
    none.connecting = true
    process.nextTick(() => none.destroy(new Error('no way to the registry is left')))
    return none
  }
  const socket = new net.Socket({ fd: descriptor, readable: true, writable: true })
  const host = String(options.host ?? 'localhost')
  const port = options.port ?? (scheme === 'https' ? 443 : 80)
  socket.write(`${scheme}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}\n`)
  return socket
}

net.connect = net.createConnection = (options) => connect('http', options)
tls.connect = (options) => connect('https', options)
