// Services that packages call by their own names, as far as the checks of guests/packages use them, in the forms of their
// public documentation. Answers are fixed, so that two runs can be compared. A route returns `{status, headers, body}`,
// or the response when it has written that itself.

import { verify } from 'node:crypto'
import { createRequire } from 'node:module'

/** Every name that stands for this machine. */
export const HOSTS = [
  'world.example.com', 'api.stripe.com', 'api.twilio.com', 'api.openai.com', 'api.anthropic.com', 'generativelanguage.googleapis.com', 'sheets.googleapis.com',
  'www.googleapis.com', 'oauth2.googleapis.com', 'bucket.s3.us-east-1.amazonaws.com', 'x.supabase.co',
]

const { rsaPublicPem } = createRequire(import.meta.url)('../../guests/packages/keys.js')

/** What a service account asks a token with. One account's are looked at: others have keys of their own. */
function isGood(assertion) {
  const [head, claims, signature] = assertion.split('.')
  if (parsed(Buffer.from(claims, 'base64url')).iss !== 'bot@checked.iam.gserviceaccount.com') return true
  return verify('sha256', Buffer.from(`${head}.${claims}`), rsaPublicPem(), Buffer.from(signature, 'base64url'))
}

/** What a named service answers; nothing where it has no such route. */
export function service(host, given) {
  return services[host]?.({ ...given, route: `${given.request.method} ${given.url.pathname}`, form: new URLSearchParams(given.body.toString()), said: parsed(given.body) })
}

function parsed(body) {
  try { return JSON.parse(body.toString()) } catch { return {} }
}

function sse(response, events, end = '') {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) response.write(`${event.type ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`)
  response.end(end)
  return response
}

const body = (body, status = 200, headers) => ({ status, body, headers })
const TOKEN = { access_token: 'ya29.a', token_type: 'Bearer', expires_in: 3600 }

/** How often each flaky route was asked, by whom. */
const asked = new Map()

const services = {
  'world.example.com': ({ route, said }) => {
    if (route !== 'POST /graphql') return undefined
    if (said.query.includes('bad')) return body({ errors: [{ message: 'Cannot query field "bad"', locations: [{ line: 1, column: 3 }] }] }, 400)
    return body({ data: { guest: { name: `Ana ${said.variables.id}` } } })
  },

  'api.stripe.com': ({ request, route, url, form }) => {
    const error = (status, error) => body({ error }, status, { 'request-id': 'req_1' })
    if (request.headers.authorization?.endsWith('sk_bad')) return error(401, { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_bad' })
    const metadata = Object.fromEntries([...form].flatMap(([key, value]) => (key.startsWith('metadata[') ? [[key.slice(9, -1), value]] : [])))
    const customer = (id) => ({ id, object: 'customer', email: form.get('email'), metadata, idempotency: request.headers['idempotency-key'] })
    if (route === 'POST /v1/customers') return body(customer('cus_1'))
    if (route === 'GET /v1/customers/cus_1') return body(customer('cus_1'))
    if (route === 'GET /v1/customers/cus_none') return error(404, { type: 'invalid_request_error', code: 'resource_missing', message: "No such customer: 'cus_none'", param: 'id' })
    if (route === 'GET /v1/customers') {
      const from = Number(url.searchParams.get('starting_after')?.slice(4) ?? 0)
      const data = [from + 1, from + 2].filter((n) => n <= 5).map((n) => customer(`cus_${n}`))
      return body({ object: 'list', url: '/v1/customers', has_more: from + 2 < 5, data })
    }
    if (route === 'POST /v1/payment_intents') return error(402, { type: 'card_error', code: 'card_declined', decline_code: 'generic_decline', message: 'Your card was declined.' })
    if (route === 'POST /v1/checkout/sessions') return body({ id: 'cs_1', object: 'checkout.session', received: Object.fromEntries(form) })
  },

  'api.twilio.com': ({ request, route, form }) => {
    const [, given] = request.headers.authorization.split(' ')
    if (!Buffer.from(given, 'base64').toString().endsWith(':token')) return body({ code: 20003, message: 'Authenticate', more_info: 'x', status: 401 }, 401)
    const message = { sid: 'SM1', status: 'queued', to: form.get('To'), from: form.get('From'), body: form.get('Body') }
    if (route.endsWith('/Messages.json')) return body(message, 201)
    if (route.endsWith('/Messages/SM1.json')) return body(message)
  },

  'api.openai.com': ({ request, response, route, said, body: bytes }) => {
    const failed = (status, error) => body({ error: { param: null, ...error } }, status)
    if (request.headers.authorization?.endsWith('bad')) return failed(401, { message: 'Incorrect API key provided: bad.', type: 'invalid_request_error', code: 'invalid_api_key' })
    if (said.model === 'limited') return failed(429, { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' })
    const common = { id: 'chatcmpl-1', created: 1, model: 'gpt-x' }
    if (route === 'POST /v1/chat/completions' && said.stream) {
      const delta = (delta, finish_reason = null) => ({ ...common, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })
      return sse(response, [delta({ role: 'assistant', content: '' }), delta({ content: 'Olá, ' }), delta({ content: 'mundo 👋' }), delta({}, 'stop')], 'data: [DONE]\n\n')
    }
    if (route === 'POST /v1/chat/completions') {
      const calls = said.tools?.length ? [{ id: 'call_1', type: 'function', function: { name: 'when', arguments: '{"day":"today"}' } }] : undefined
      const message = { role: 'assistant', content: calls ? null : 'Olá, mundo 👋', ...(calls && { tool_calls: calls }) }
      return body({ ...common, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: calls ? 'tool_calls' : 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } })
    }
    if (route === 'POST /v1/embeddings') return body({ object: 'list', model: 'e', data: [{ object: 'embedding', index: 0, embedding: [0.1, -0.2, 0.3] }], usage: { prompt_tokens: 1, total_tokens: 1 } })
    if (route === 'POST /v1/audio/transcriptions') return body({ text: `heard ${bytes.includes('sound') ? 'a sound' : 'nothing'}` })
    if (route === 'POST /v1/responses') return body({ id: 'resp_1', object: 'response', created_at: 1, status: 'completed', model: 'gpt-x', output: [{ id: 'm', type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'Olá', annotations: [] }] }], usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } })
    if (route === 'GET /v1/models') return body({ object: 'list', data: [{ id: 'gpt-x', object: 'model' }, { id: 'e', object: 'model' }] })
    if (route === 'GET /v1/models/slow') return response
    if (route === 'GET /v1/models/flaky') {
      const times = (asked.get('flaky') ?? 0) + 1
      asked.set('flaky', times)
      return times % 2 ? body({ error: { message: 'again' } }, 503, { 'retry-after-ms': '10' }) : body({ id: 'flaky', object: 'model' })
    }
  },

  'api.anthropic.com': ({ response, said }) => {
    if (said.model === 'bad') return body({ type: 'error', error: { type: 'invalid_request_error', message: 'model: bad' } }, 400, { 'request-id': 'req_1' })
    const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x', content: [{ type: 'text', text: 'Olá 👋' }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 1, output_tokens: 2 } }
    if (!said.stream) return body(message)
    return sse(response, [
      { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Olá ' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '👋' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 2 } },
      { type: 'message_stop' },
    ])
  },

  'generativelanguage.googleapis.com': ({ response, url }) => {
    const part = (text) => ({ candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 } })
    const [, model, word] = url.pathname.match(/models\/([^:]+):(\w+)/)
    if (model === 'bad') return body({ error: { code: 404, message: 'models/bad is not found', status: 'NOT_FOUND' } }, 404)
    if (word === 'countTokens') return body({ totalTokens: 2 })
    return word === 'streamGenerateContent' ? sse(response, [part('Olá, '), part('mundo')]) : body(part('Olá, mundo'))
  },

  'sheets.googleapis.com': ({ request, url, said }) => {
    if (url.pathname.includes('/none/')) return body({ error: { code: 404, message: 'Requested entity was not found.', status: 'NOT_FOUND' } }, 404)
    if (request.method === 'POST') return body({ spreadsheetId: 's', updates: { updatedRows: said.values.length, values: said.values } })
    if (url.pathname.includes('batchGet')) return body({ spreadsheetId: 's', valueRanges: url.searchParams.getAll('ranges').map((range) => ({ range, values: [['x']] })) })
    return body({ range: 'A1:B2', majorDimension: 'ROWS', values: [['Ana', '3'], ['Bia', 'ç']] })
  },

  'www.googleapis.com': ({ url }) => body({ kind: 'calendar#events', items: [{ id: 'e1', summary: url.searchParams.get('maxResults') }] }),

  'oauth2.googleapis.com': ({ form }) => (form.get('code') === 'bad' || (form.has('assertion') && !isGood(form.get('assertion'))) ? body({ error: 'invalid_grant', error_description: 'Bad Request' }, 400) : body(TOKEN)),

  'bucket.s3.us-east-1.amazonaws.com': ({ request, response, url }) => {
    const write = (status, headers, text = '') => { response.writeHead(status, { 'x-amz-request-id': 'r', ...headers }).end(text); return response }
    const xml = (status, text) => write(status, { 'content-type': 'application/xml' }, `<?xml version="1.0" encoding="UTF-8"?>${text}`)
    if (url.searchParams.get('list-type') === '2') return xml(200, '<ListBucketResult><Name>bucket</Name><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>a.txt</Key><Size>7</Size><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>"e"</ETag></Contents></ListBucketResult>')
    if (url.pathname === '/none') return xml(404, '<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>none</Key></Error>')
    if (request.method === 'PUT') return write(200, { etag: '"e"' })
    if (request.method === 'DELETE') return write(204, {})
    return write(200, { 'content-type': 'text/plain', 'content-length': 7, 'x-amz-meta-who': 'ana', etag: '"e"' }, request.method === 'HEAD' ? '' : 'content')
  },

  'x.supabase.co': ({ request, route, said, url }) => {
    if (url.pathname === '/rest/v1/none') return body({ code: '42P01', message: 'relation "public.none" does not exist', details: null, hint: null }, 404)
    if (route === 'GET /rest/v1/orders') return body([{ id: 1, total: 9.5 }, { id: 2, total: url.search.length }])
    if (route === 'POST /rest/v1/orders') return body({ ...said, made: request.headers.prefer }, 201)
    if (route === 'PATCH /rest/v1/orders') return body(null, 204)
    if (route === 'POST /rest/v1/rpc/add') return body(said.a + said.b)
    if (route === 'POST /auth/v1/token') return said.password === 'bad' ? body({ code: 400, error_code: 'invalid_credentials', msg: 'Invalid login credentials' }, 400) : body({ ...TOKEN, refresh_token: 'r', expires_at: 9e9, user: { id: 'u', email: said.email } })
    if (url.pathname.startsWith('/storage/v1/object/')) return body({ Key: 'files/a.txt', Id: 'i' })
    if (route === 'POST /functions/v1/hello') return body({ hello: said.name })
  },
}
