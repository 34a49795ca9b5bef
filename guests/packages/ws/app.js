const WebSocket = require('ws')
const { needs, serve } = require('../checks')

serve({
  checks: {
    constants: () => [WebSocket.OPEN, WebSocket.CLOSED, typeof WebSocket.WebSocketServer],
    refused: needs('sockets', () => new Promise((done) => { const socket = new WebSocket('ws://127.0.0.1:1'); socket.on('error', ({ code }) => done(code)) })),
    server: () => { const server = new WebSocket.WebSocketServer({ noServer: true }); return [server.clients.size, typeof server.handleUpgrade] },
  },
})
