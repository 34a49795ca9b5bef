/** `node:http`. */
import { Agent, ClientRequest } from '../http/client.js'
import { validateHeaderName, validateHeaderValue } from '../http/headers.js'
import { IncomingMessage } from '../http/incoming.js'
import { OutgoingMessage } from '../http/outgoing.js'
import { ServerResponse } from '../http/response.js'
import { Server } from '../http/server.js'
import { METHODS, STATUS_CODES } from '../http/tables.js'

const http = {
  METHODS, STATUS_CODES, Agent, ClientRequest, IncomingMessage, OutgoingMessage, Server, ServerResponse,
  globalAgent: new Agent({ keepAlive: true }),
  maxHeaderSize: 16384,
  validateHeaderName, validateHeaderValue,
  createServer: (options, listener) => new Server(options, listener),
  request: (input, options, callback) => new ClientRequest(input, options, callback),
  get(input, options, callback) {
    const request = http.request(input, options, callback)
    request.end()
    return request
  },
  setMaxIdleHTTPParsers() {},
  _connectionListener() {},
  get WebSocket() { return globalThis.WebSocket },
  get CloseEvent() { return require('../web/websocket.js').CloseEvent },
  get MessageEvent() { return globalThis.MessageEvent },
}

export default http
