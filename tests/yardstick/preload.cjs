// Loaded into a bot on Node before its first line.
//
// What the bot sends to the world arrives at this machine: WORLD maps names to HOST:PORT, as
// `roost --egress-resolve` does. The first port it asks for is any free one, which its parent is told.

const net = require('node:net')

const world = JSON.parse(process.env.WORLD ?? '{}')

const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (...given) {
  // Node hands its own calls on as one array.
  const args = Array.isArray(given[0]) ? given[0] : given
  const options = args[0]
  const place = options && typeof options === 'object' && world[options.host]
  if (place) {
    const [host, port] = place.split(':')
    args[0] = { ...options, host, port: Number(port) }
  }
  return connect.apply(this, given)
}

let isFirst = true
const { listen } = net.Server.prototype
net.Server.prototype.listen = function (...given) {
  const options = typeof given[0] === 'object' && given[0] !== null ? given[0] : { port: given[0] }
  // A server that a bot makes for itself asks for any port, and keeps its own host.
  if (options.port === 0 || options.path) return listen.apply(this, given)
  const callback = given.find((argument) => typeof argument === 'function')
  if (isFirst) this.once('listening', () => process.send?.({ port: this.address().port }))
  isFirst = false
  return listen.call(this, { port: 0, host: '127.0.0.1' }, callback)
}
