const { io, Manager } = require('socket.io-client')
const { WORLD, needs, serve } = require('../checks')

serve({
  checks: {
    refused: () => new Promise((done) => { const socket = io(WORLD, { transports: ['polling'], reconnection: false }); socket.on('connect_error', ({ message }) => { socket.close(); done(message) }) }),
    manager: () => { const manager = new Manager(WORLD, { autoConnect: false }); return [manager.reconnection(), manager.timeout(), typeof manager.socket('/x').emit] },
    websocket: needs('sockets', () => new Promise((done) => { const socket = io('http://127.0.0.1:1', { transports: ['websocket'], reconnection: false }); socket.on('connect_error', ({ message, description }) => { socket.close(); done([message, description?.code ?? description?.message]) }) })),
  },
})
