/** Records of `wit/whatsapp.wit`, checked, as Meta's JSON: what the host does, for plain Node. */
import { MESSAGES, TYPES } from './declared.js'
import { camel, invalid, opened } from './messages.js'

const GROUP = 'Y2FwaV9ncm91cDo'
const USER_ID = /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/

/**
 * Meta's JSON of a message. Throws a RoostError that names the field and says what to do.
 * @param {string} name as `wit/messages.json` calls it
 * @param {Record<string, any>} given the record
 */
export function compose(name, given) {
  const message = MESSAGES[name]
  const seen = new Set()
  const values = fieldsOf(message.fields, given, '', seen)
  rules(message.rules, given, '')
  const type = typeof message.type === 'string' && message.type.startsWith('$') ? values[message.type.slice(1)] : message.type
  const content = fill(message.json, values)
  return {
    messaging_product: 'whatsapp', ...whom(given.to),
    ...(given.replyTo === undefined ? {} : { context: { message_id: given.replyTo } }),
    type, [type]: content,
  }
}

function whom(to) {
  if (to.startsWith(GROUP)) return { recipient_type: 'group', to }
  if (USER_ID.test(to)) return { recipient_type: 'individual', recipient: to }
  const digits = to.replace(/\D/g, '')
  if (!/^\+?[\d ()-]+$/.test(to.trim()) || digits.length < 5 || digits.length > 20) {
    throw wrong('to', 'is neither a phone number with country code (`16505551234`), nor a user id (`US.13491208655302741918`), nor a group\'s id')
  }
  return { recipient_type: 'individual', to }
}

const wrong = (field, text) => invalid(`\`${field}\` ${text}`)

/** What each field is in Meta's JSON; absent ones are not there. */
function fieldsOf(fields, given, at, seen, place) {
  const values = { '#': place }
  for (const [name, field] of Object.entries(fields)) {
    const where = at === '' ? name : `${at}.${name}`
    const value = valueOf(field, given[camel(name)], where, seen)
    if (value !== undefined) values[name] = value
  }
  return values
}

function valueOf(field, value, where, seen) {
  const [outer, inner] = opened(field.type)
  if (value === undefined || value === null) return field.absent
  const type = outer === 'option' ? inner : field.type
  check(field, type, value, where, seen)
  const out = shaped(type, value, where, seen)
  if (out === false || (Array.isArray(out) && out.length === 0 && !field.empty)) return undefined
  return field.as === 'text' ? String(out) : out
}

function shaped(type, value, where, seen, place) {
  const [outer, inner] = opened(type)
  if (outer === 'list') {
    return value.map((entry, n) => shaped(inner, entry, `${where}[${n}]`, seen, n)).filter((out) => out !== undefined)
  }
  if (outer === 'tuple') return value
  if (type === 'json-object') return parsed(value, where)
  const declared = TYPES[type]
  if (!declared) return value
  if (declared.enum) return value.replaceAll('-', '_')
  if (declared.variant) {
    const part = declared.variant[value.tag]
    const [form] = opened(part.type)
    const path = form === 'list' || TYPES[part.type]?.record ? `${where}.${value.tag}` : where
    const out = valueOf(part, value.val, path, seen)
    return fill(part.json, form === 'tuple' ? { ...out } : { '': out })
  }
  const values = fieldsOf(declared.record, value, where, seen, place)
  rules(declared.rules, value, where)
  return fill(declared.json, values)
}

function parsed(text, where) {
  let value
  try {
    value = JSON.parse(text)
  } catch { /* said below */ }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, 'is not a JSON object: write one, like `{"key": "value"}`')
  return value
}

/** Puts values into Meta's JSON. */
function fill(json, values) {
  if (typeof json === 'string') return json.startsWith('$') ? values[json.slice(1)] : json
  if (typeof json !== 'object' || json === null) return json
  if (json['[]']) {
    return json['[]'].map((part) => fill(part, values)).filter((part) => part !== undefined).flat()
  }
  const out = {}
  let named = 0
  let there = 0
  for (const [key, part] of Object.entries(json)) {
    const isReference = typeof part === 'string' && part.startsWith('$')
    const value = fill(part, values)
    if (isReference) named += 1
    if (value !== undefined && (isReference || typeof part === 'object')) there += 1
    if (value === undefined) continue
    if (key === '...') Object.assign(out, value)
    else out[key] = value
  }
  return named > 0 && there === 0 ? undefined : out
}

function check(field, type, value, where, seen) {
  const { chars, count, range, url, pattern, lines, unique, filled } = field
  if (chars) {
    const [least, most] = chars
    const length = [...value].length
    if (length === 0 && least > 0) throw wrong(where, `is empty, and Meta takes ${least} to ${most} characters: fill it in, or leave it out where it is optional`)
    if (length < least || length > most) throw wrong(where, `has ${length} characters, and Meta takes ${least} to ${most}: ${length > most ? 'shorten it' : 'make it longer'}`)
  }
  if (count) amount(where, value.length, count)
  if (range) {
    const [least, most] = range
    if (!(value >= least && value <= most)) throw wrong(where, `is a number that Meta does not take: give one from ${least} to ${most}`)
  }
  if (url && !/^https?:\/\/[^/\s]/.test(value)) throw wrong(where, 'is not an http(s) address: write all of it, like `https://example.com/page`')
  if (pattern === 'date' && !/^\d{4}-\d{2}-\d{2}$/.test(value)) throw wrong(where, 'is not a date: write it like `1999-12-31`')
  if (pattern === 'emoji' && ([...value].length > 16 || /^[\0-\x7f]*$/.test(value))) throw wrong(where, 'is not one emoji: give one, like `👍`')
  if (lines && value.split('\n').length > lines) throw wrong(where, `has ${value.split('\n').length} lines, and Meta takes ${lines}: put it on fewer lines`)
  if (filled && Object.keys(parsed(value, where)).length === 0) throw wrong(where, 'is an empty object: put something into it, or leave it out')
  if (unique) {
    const key = `${where.replace(/\[\d+\]/g, '[]')}\0${value}`
    if (seen.has(key)) throw wrong(where, 'is the same as that of an earlier entry: give each its own')
    seen.add(key)
  }
}

function amount(where, entries, [least, most]) {
  if (entries < least || entries > most) throw wrong(where, `has ${entries} entries, and Meta takes ${least} to ${most}: ${entries > most ? 'leave some out' : 'add some'}`)
}

function rules(all, given, at) {
  const path = (name) => (at === '' ? name : `${at}.${name}`)
  const has = (name) => given[camel(name)] !== undefined && given[camel(name)] !== null
  const isNow = (when) => Object.entries(when).every(([name, words]) => {
    const value = given[camel(name)]
    return words.includes(value?.tag ?? value)
  })
  const words = (when) => Object.entries(when).map(([name, all_]) => `\`${name}\` is ${all_.map((word) => `\`${word}\``).join(' or ')}`).join(' and ')
  for (const rule of all ?? []) {
    if (rule.total) {
      const [list, inner] = rule.total.split('[].')
      amount(rule.total, given[camel(list)].reduce((sum, entry) => sum + entry[camel(inner)].length, 0), rule.count)
    } else if (rule.several) {
      const list = given[camel(rule.several)]
      const bare = list.length > 1 ? list.findIndex((entry) => entry[camel(rule.need)] === undefined) : -1
      if (bare >= 0) throw wrong(`${rule.several}[${bare}].${rule.need}`, 'is missing: each entry needs one when there are several')
    } else if (rule.forbids && isNow(rule.when) && has(rule.forbids)) {
      throw wrong(path(rule.forbids), `is not taken when ${words(rule.when)}: leave it out`)
    } else if (rule.needs && isNow(rule.when) && !has(rule.needs)) {
      throw wrong(path(rule.needs), `is missing: it is needed when ${words(rule.when)}`)
    } else if (rule['needs-field'] && has(rule.field) && !has(rule['needs-field'])) {
      throw wrong(path(rule['needs-field']), `is missing: \`${rule.field}\` needs it`)
    } else if (rule['one-of'] && !rule['one-of'].some(has)) {
      throw wrong(path(rule['one-of'][0]), `is missing: Meta needs one of ${rule['one-of'].map((name) => `\`${name}\``).join(', ')}`)
    } else if (rule.alike) {
      const form = (card) => [card.header?.tag, card.action.tag, card.action.tag === 'replies' ? card.action.val.length : 0,
        card.action.tag === 'product' ? card.action.val.catalogId : '', card.body === undefined].join()
      const list = given[camel(rule.alike)]
      const other = list.findIndex((card) => form(card) !== form(list[0]))
      if (other >= 0) throw wrong(`${rule.alike}[${other}]`, 'is of another form than the first: all have the same kind of header, a text or none, as many buttons, and one catalog')
    }
  }
}
