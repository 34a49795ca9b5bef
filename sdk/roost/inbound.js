/** What Meta's webhooks say, typed: by what `declared.js` says of each type of message that comes in. */
import { INBOUND } from './declared.js'
import { camel, opened } from './messages.js'

/**
 * The messages in a webhook's body, in order.
 * @param {unknown} body what Meta posted: the object, or its JSON
 */
export function messages(body) {
  return items(body, 'messages', (around) => {
    const message = readFields(INBOUND.message, around, (type) => (type === 'content' ? contentOf(around) : undefined))
    const { content: [type, content], ...rest } = message
    return { type, content, ...rest }
  })
}

/**
 * The statuses in a webhook's body, in order: what became of messages that went out.
 * @param {unknown} body what Meta posted: the object, or its JSON
 */
export function statuses(body) {
  return items(body, 'statuses', (around) => readFields(INBOUND.status, around))
}

const list = (value) => (Array.isArray(value) ? value : [])

function items(body, name, read) {
  const root = typeof body === 'string' || body instanceof Uint8Array ? JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body)) : body
  const out = []
  for (const entry of list(root?.entry)) {
    for (const { value } of list(entry?.changes).filter(Boolean)) {
      const contacts = list(value?.contacts)
      for (const item of list(value?.[name]).filter(isObject)) out.push(read({ item, contact: contactOf(item, contacts), metadata: value.metadata }))
    }
  }
  return out
}

/** Who wrote it, of those that the webhook names. */
function contactOf(item, contacts) {
  const found = contacts.find((contact) => (item.from && contact?.wa_id === item.from) || (item.from_user_id && contact?.user_id === item.from_user_id))
  return found ?? (contacts.length === 1 ? contacts[0] : undefined)
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Its type and its content; `unknown` when it is of no type, or not as that type is. */
function contentOf({ item }) {
  for (const { case: name, of, when, at, needs } of INBOUND.content) {
    if (!Object.entries(when).every(([path, word]) => walk(item, path) === word)) continue
    const type = name.replaceAll('-', '_')
    if (of === undefined) return [type, undefined]
    const from = at === '' ? item : walk(item, at)
    if (!isObject(from) || (needs && !Array.isArray(from[needs]))) break
    const content = readFields(INBOUND.types[of].record, { item: from })
    if (content !== undefined) return [type, content]
    break
  }
  return ['unknown', item]
}

function walk(value, path) {
  if (path === '') return value
  let at = value
  const [plain, within] = path.split('>')
  for (const step of plain.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined
    at = at[step]
  }
  return within === undefined ? at : walk(json(at), within)
}

function json(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The fields of a record; `undefined` when one that must be there is not. */
function readFields(fields, around, special) {
  const isWhole = around.metadata !== undefined || special !== undefined
  const out = {}
  for (const [name, field] of Object.entries(fields)) {
    const own = special?.(field.type)
    const value = own ?? readValue(field, found(name, field, around))
    if (value === undefined && isNeeded(field.type)) {
      if (!isWhole) return undefined
      out[camel(name)] = field.type === 'string' ? '' : 0
    } else if (value !== undefined) {
      out[camel(name)] = value
    }
  }
  return out
}

const isNeeded = (type) => ['string', 'f64', 'u32', 'u64', 'json-text', 'json-value'].includes(type)

function found(name, field, around) {
  const paths = field.first ?? [field.at ?? name.replaceAll('-', '_')]
  for (const path of paths) {
    const [root, rest] = path.includes(':') ? path.split(':') : ['item', path]
    const value = walk(around[root], rest)
    // A reaction that was taken away has an empty emoji, and carts an empty text.
    const isEmpty = value === '' && (field.first || field.type.startsWith('option<'))
    if (value !== undefined && value !== null && !isEmpty) return value
  }
  return undefined
}

function readValue(field, value) {
  const [outer, inner] = opened(field.type)
  if (outer === 'list') {
    return list(value).map((entry) => readValue({ type: inner }, entry)).filter((entry) => entry !== undefined)
  }
  const type = outer === 'option' ? inner : field.type
  switch (type) {
    case 'string': return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
    case 'bool': return value === true
    case 'json-value': return value
    case 'json-text': return typeof value === 'string' ? json(value) ?? value : undefined
    case 'f64': case 'u32': case 'u64': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
      if (typeof number !== 'number' || !Number.isFinite(number)) return undefined
      if (type === 'f64') return number
      return Number.isInteger(number) && number >= 0 && (type === 'u64' || number <= 0xffffffff) ? number : undefined
    }
    default: return isObject(value) ? readFields(INBOUND.types[type].record, { item: value }) : undefined
  }
}
