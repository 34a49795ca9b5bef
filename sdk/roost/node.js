/** The backend on plain Node: Meta's Cloud API over fetch, and the npm package `pg`. */
import { createHash } from 'node:crypto'
import { format } from 'node:util'
import { compose } from './compose.js'
import { MESSAGES } from './declared.js'
import { functionOf } from './messages.js'

const VERSION = 'v25.0'

const failed = (tag, val) => Object.assign(new Error(typeof val === 'string' ? val : val.message), { payload: { tag, val } })

const onlyInRoost = (what) => {
  throw failed('other', `${what} exists only inside Roost. Run the bot with \`roost dev\` to use it on your machine.`)
}

function setting(name) {
  const value = process.env[name]
  if (!value) throw failed('denied', `set ${name} in the environment to send from plain Node; inside Roost it is not needed`)
  return value
}

async function graph(method, path, body) {
  const base = process.env.GRAPH_URL ?? `https://graph.facebook.com/${VERSION}`
  let response
  try {
    response = await fetch(`${base}/${path}`, {
      method, body,
      headers: { authorization: `Bearer ${setting('WHATSAPP_TOKEN')}`, ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}) },
    })
  } catch (error) {
    if (error.payload) throw error
    throw failed('unreachable', `Meta could not be reached: ${error.cause?.message ?? error.message}`)
  }
  return { status: response.status, body: await response.text() }
}

async function send(message) {
  const answer = await graph('POST', `${setting('PHONE_NUMBER_ID')}/messages`, JSON.stringify({ messaging_product: 'whatsapp', ...message }))
  const body = JSON.parse(answer.body || '{}')
  if (answer.status >= 500) throw failed('unreachable', `Meta failed with status ${answer.status}`)
  if (answer.status >= 400) {
    const { code = 0, error_subcode: subcode, message: text = `status ${answer.status}`, error_data: data, fbtrace_id: traceId } = body.error ?? {}
    const limited = [4, 80007, 130429, 131048, 131056].includes(code)
    throw failed(limited ? 'rate-limited' : 'rejected', { code, subcode, status: answer.status, message: text, details: data?.details, traceId })
  }
  return { messageId: body.messages?.[0]?.id, waId: body.contacts?.[0]?.wa_id }
}

/** A send for each type of message. */
const sends = Object.fromEntries(Object.keys(MESSAGES).map((name) => [functionOf(name), async (given) => send(compose(name, given))]))

/** Files that are being handed over. */
const files = new Map()

function begun(id) {
  const pieces = files.get(id)
  if (!pieces) throw failed('other', 'no such file is begun, or it is uploaded already')
  files.delete(id)
  return pieces
}

async function uploadMedia(content, { mimeType = 'application/octet-stream', filename = 'file', kind }) {
  const form = new FormData()
  form.set('messaging_product', 'whatsapp')
  form.set('type', mimeType)
  form.set('file', new Blob(content, { type: mimeType }), filename)
  const answer = await graph('POST', `${setting('PHONE_NUMBER_ID')}/media`, form)
  const body = JSON.parse(answer.body || '{}')
  if (answer.status !== 200) throw failed(answer.status >= 500 ? 'unavailable' : 'rejected', body.error?.message ?? `status ${answer.status}`)
  const hash = createHash('sha256')
  let size = 0
  for (const piece of content) {
    hash.update(piece)
    size += piece.length
  }
  return { id: body.id, kind: kind ?? 'document', mimeType, sha256: hash.digest('hex'), size, expiresAt: Math.floor(Date.now() / 1000) + 30 * 86400, wasThere: false }
}

const functions = {
  ...sends,
  'media.describe': () => onlyInRoost('media.get'),
  // Nobody keeps it: Meta is asked.
  'media.wait-for': (id) => { throw failed('not-kept', `the media \`${id}\` is not kept outside Roost`) },
  'media.read': () => onlyInRoost('media.read'),
  'media.begin': () => {
    const id = files.size + 1
    files.set(id, [])
    return id
  },
  'media.add': (id, piece) => { files.get(id).push(Uint8Array.from(piece)) },
  'media.upload': (id, file) => uploadMedia(begun(id), file),
  'media.upload-from': async (url, file) => {
    const response = await fetch(url)
    if (!response.ok) throw failed('denied', `\`${url}\` answered with status ${response.status}`)
    const type = response.headers.get('content-type') ?? undefined
    return uploadMedia([new Uint8Array(await response.arrayBuffer())], { ...file, mimeType: file.mimeType ?? type })
  },
  'media.upload-sample': () => onlyInRoost('media.uploadSample'),
  'media.delete': async (id) => {
    const answer = await graph('DELETE', id)
    if (answer.status !== 200) throw failed('rejected', JSON.parse(answer.body || '{}').error?.message ?? `status ${answer.status}`)
  },
  'whatsapp.mark-read': async (messageId) => { await send({ status: 'read', message_id: messageId }) },
  'whatsapp.show-typing': async (messageId) => {
    await send({ status: 'read', message_id: messageId, typing_indicator: { type: 'text' } })
  },
  'whatsapp.request': ({ method, path, body }) => graph(method, path, body),
  'secrets.get': (name) => process.env[name],
  'secrets.names': () => Object.keys(process.env).sort(),
  'flows.send': async ({ name, button, screen, draft, reference, seconds, ...message }) => {
    const token = globalThis.crypto.randomUUID()
    const action = screen === undefined ? 'data-exchange' : 'navigate'
    const sent = await sends['whatsapp.send-flow']({
      ...message, flow: { tag: 'name', val: name }, cta: button, token, action, screen, mode: draft ? 'draft' : undefined,
    })
    return { ...sent, token }
  },
  // Meta does not know which Flow a token is of.
  'flows.asked-by': () => undefined,
  'flows.withdraw': () => onlyInRoost('flows.withdraw'),
  // Which values a template takes is known to the host.
  'templates.list': () => onlyInRoost('templates.list'),
  'templates.send': () => onlyInRoost('templates.send'),
  'conversations.get': () => onlyInRoost('conversations.get'),
  'conversations.set-state': () => onlyInRoost('conversations.setState'),
  'conversations.clear-state': () => onlyInRoost('conversations.clearState'),
  'conversations.overview-of': () => onlyInRoost('conversations.overview'),
  'conversations.hand-off': () => onlyInRoost('conversations.handOff'),
  'conversations.release': () => onlyInRoost('conversations.release'),
  'conversations.assign': () => onlyInRoost('conversations.assign'),
  'conversations.add-label': () => onlyInRoost('conversations.addLabel'),
  'conversations.remove-label': () => onlyInRoost('conversations.removeLabel'),
  'conversations.add-note': () => onlyInRoost('conversations.addNote'),
  'conversations.resolve': () => onlyInRoost('conversations.resolve'),
  'conversations.set-consent': (contact, consent) => onlyInRoost(`conversations.${consent === 'opted-in' ? 'optIn' : 'optOut'}`),
}

let pool

export const backend = {
  call: async (name, args) => functions[name](...args),
  format,
  log: (level, message) => console[level === 'trace' ? 'debug' : level](message),

  async pool() {
    if (pool) return pool
    let pg
    try {
      pg = await import('pg')
    } catch {
      throw failed('unavailable', 'install `pg` and set DATABASE_URL to use the database outside Roost')
    }
    pool ??= new pg.default.Pool({ connectionString: setting('DATABASE_URL') })
    return pool
  },
}
