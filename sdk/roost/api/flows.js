/** The project's Flows: sent by name, answered as what was asked, and their data endpoint as a route. */
import { RoostError } from '../error.js'
import { flowMessage } from '../filling.js'

/** Says that what a data request is about is over: WhatsApp shows the text and closes the Flow. */
class FlowOver extends Error {
  constructor(message) {
    super(message)
    this.name = 'FlowOver'
  }
}

export function makeFlows(call) {
  async function send(to, message) {
    return call('flows.send', flowMessage(to, message))
  }

  async function answer(message) {
    const said = responseOf(message)
    if (said === undefined) return undefined
    const { flow_token: token, ...data } = said
    const asked = typeof token === 'string' && message.from ? await call('flows.asked-by', token, message.from) : undefined
    return {
      flow: asked?.name, data, token, contact: asked?.contact ?? message.from, reference: asked?.reference,
      sentAt: asked && new Date(Number(asked.sentAt) * 1000), isFirst: asked !== undefined && asked.answeredAt === undefined,
    }
  }

  return {
    send,
    answer,
    async withdraw(token) { return call('flows.withdraw', token) },
    endpoint,
    screen: (screen, data = {}) => ({ screen, data }),
    /** Ends the Flow: `params` are the answer, beside the token. */
    finish: (request, params = {}) => ({ screen: 'SUCCESS', data: { extension_message_response: { params: { flow_token: request.token, ...params } } } }),
    over: (message) => new FlowOver(message),
  }
}

/** What a person entered, of an inbound message as webhooks have it; nothing when it is no answer of a Flow. */
function responseOf(message) {
  const reply = message?.interactive?.nfm_reply
  if (message?.type !== 'interactive' || message.interactive.type !== 'nfm_reply' || reply === undefined) return undefined
  if (reply.name !== undefined && reply.name !== 'flow') return undefined
  let said
  try {
    said = JSON.parse(reply.response_json)
  } catch {
    throw new RoostError('invalid', 'the answer of a Flow is no JSON')
  }
  return typeof said === 'object' && said !== null ? said : undefined
}

/** A handler of HTTP, for Express or `http.createServer`, over one that gets a request and gives a screen. */
function endpoint(handle) {
  return async function flowEndpoint(req, res, next) {
    try {
      const body = await bodyOf(req)
      const { action, screen, data = {}, flow_token: token, version } = body
      const answer = await handle({
        action, screen, data, token, version,
        flow: req.headers['x-roost-flow'], contact: req.headers['x-roost-flow-contact'], reference: req.headers['x-roost-flow-reference'],
      })
      if (answer instanceof FlowOver) return reply(res, 427, { error_msg: answer.message })
      if (typeof answer !== 'object' || answer === null) throw new RoostError('invalid', 'a Flow\'s handler gives a screen: `flows.screen(id, data)` or `flows.finish(request, params)`')
      reply(res, 200, answer)
    } catch (error) {
      if (next) return next(error)
      throw error
    }
  }
}

function reply(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' })
  res.end(JSON.stringify(body))
}

/** The body as JSON, whether something parsed it before or not. */
async function bodyOf(req) {
  if (req.body !== undefined && req.body !== null) {
    if (typeof req.body === 'string') return JSON.parse(req.body)
    return ArrayBuffer.isView(req.body) ? JSON.parse(new TextDecoder().decode(req.body)) : req.body
  }
  const chunks = []
  for await (const chunk of req) chunks.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
  let length = 0
  for (const chunk of chunks) length += chunk.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return JSON.parse(new TextDecoder().decode(whole))
}
