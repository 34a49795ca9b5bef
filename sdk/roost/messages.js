/** What bots say of a message, to the records of `wit/whatsapp.wit`, by what `declared.js` says of each type. */
import { MESSAGES, TYPES } from './declared.js'
import { RoostError } from './error.js'

export const invalid = (text) => new RoostError('invalid', text)

/** `reply-to` as records have it: `replyTo`. */
export const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase())

/** `list<button>` taken apart: `['list', 'button']`. */
export function opened(type) {
  const at = type.indexOf('<')
  return at < 0 ? [undefined, type] : [type.slice(0, at), type.slice(at + 1, -1)]
}

/** Names are the same however they are spelled: `replyTo`, `reply_to`, `reply-to`. */
const plain = (name) => name.replace(/[-_]/g, '').toLowerCase()

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

export const recipient = (to) => {
  const text = typeof to === 'number' ? String(to) : to
  if (typeof text !== 'string' || text === '') throw invalid('`to` is missing: give a phone number with country code, or a user id')
  return text.replace(/^\+/, '')
}

/** The record of a message, without `to`. */
export function record(name, given) {
  const { fields } = MESSAGES[name]
  return readRecord(fields, given ?? {}, '')
}

function readRecord(fields, given, at) {
  if (!isObject(given)) throw invalid(`${at === '' ? 'the message' : `\`${at}\``} must be an object`)
  const left = new Map(Object.entries(given).filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => [plain(name), [name, value]]))
  const take = (...names) => {
    for (const name of names) {
      const found = left.get(plain(name))
      if (found) {
        left.delete(plain(name))
        return found[1]
      }
    }
    return undefined
  }
  const out = {}
  for (const [name, field] of Object.entries(fields)) {
    const where = at === '' ? (field.js ?? camel(name)) : `${at}.${field.js ?? camel(name)}`
    let value = take(name, field.js ?? name)
    if (value === undefined && field.flat) value = takeCase(TYPES[field.type].variant, take)
    if (value === undefined && field.instead) {
      const [[own, of]] = Object.entries(field.instead)
      const entries = take(own)
      if (entries !== undefined) value = [{ [of]: entries }]
    }
    out[camel(name)] = readField(field, value, where)
  }
  for (const [name] of left.values()) {
    const known = Object.entries(fields).map(([own, field]) => `\`${field.js ?? camel(own)}\``).join(', ')
    throw invalid(`\`${at === '' ? name : `${at}.${name}`}\` is not known there: it takes ${known}`)
  }
  return out
}

/** A variant whose case stands beside other fields. */
function takeCase(cases, take) {
  for (const name of Object.keys(cases)) {
    const value = take(name)
    if (value !== undefined) return { [camel(name)]: value }
  }
  return undefined
}

function readField(field, value, where) {
  const [outer, inner] = opened(field.type)
  if (value === undefined) {
    if (outer === 'option') return undefined
    if (outer === 'list' && !field.count) return []
    if (field.type === 'bool') return false
    const cases = field.flat && Object.keys(TYPES[field.type].variant).map((name) => `\`${camel(name)}\``)
    throw invalid(cases ? `${where} is missing: give ${cases.join(' or ')}` : `\`${where}\` is missing`)
  }
  return read(outer === 'option' ? inner : field.type, value, where)
}

function read(type, value, where) {
  const [outer, inner] = opened(type)
  if (outer === 'list') {
    if (!Array.isArray(value)) throw invalid(`\`${where}\` must be a list`)
    return value.map((entry, n) => read(inner, entry, `${where}[${n}]`))
  }
  switch (type) {
    case 'string':
      if (typeof value !== 'string' && typeof value !== 'number') throw invalid(`\`${where}\` must be a text`)
      return String(value)
    case 'bool': return Boolean(value)
    case 'f64': case 'u32': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
      if (typeof number !== 'number' || !Number.isFinite(number)) throw invalid(`\`${where}\` must be a number`)
      if (type === 'u32' && (!Number.isInteger(number) || number < 0)) throw invalid(`\`${where}\` must be a whole number, and not below zero`)
      return number
    }
    case 'json-object':
      if (typeof value === 'string') return value
      if (!isObject(value)) throw invalid(`\`${where}\` must be an object`)
      return JSON.stringify(value)
    case 'template-parameter': return templateParameter(value, where)
    default: return readDeclared(TYPES[type], value, where)
  }
}

function readDeclared(type, value, where) {
  if (type.enum) {
    const word = Object.keys(type.enum).find((name) => typeof value === 'string' && plain(name) === plain(value))
    if (!word) throw invalid(`\`${where}\` must be ${Object.keys(type.enum).map((name) => `\`${name}\``).join(' or ')}`)
    return word
  }
  if (type.variant) {
    const [name, val] = chosen(type, value, where)
    return { tag: name, val: readField(type.variant[name], val, isObject(value) ? `${where}.${camel(name)}` : where) }
  }
  const given = type.text && typeof value !== 'object' ? Object.fromEntries(type.text.map((name) => [name, String(value)])) : value
  return readRecord(type.record, given, where)
}

/** The case that a value is, and what it holds. */
function chosen({ variant, text }, value, where) {
  const names = Object.keys(variant)
  if (isObject(value)) {
    const given = Object.keys(value).filter((name) => value[name] !== undefined)
    const name = given.length === 1 && names.find((own) => plain(own) === plain(given[0]))
    if (name) return [name, value[given[0]]]
  } else if (text && (typeof value === 'string' || typeof value === 'number')) {
    const [, name] = text.find(([rule]) => isText[rule](String(value)))
    return [name, String(value)]
  }
  throw invalid(`\`${where}\` must be ${text ? 'a text, or ' : ''}an object with ${names.map((name) => `\`${camel(name)}\``).join(' or ')}`)
}

const isText = {
  url: (text) => /^https?:\/\//.test(text),
  digits: (text) => /^\d+$/.test(text),
  any: () => true,
}

/** A text, or a parameter as Meta's JSON has it. */
function templateParameter(parameter, where) {
  if (typeof parameter !== 'object' || parameter === null) return { tag: 'text', val: String(parameter) }
  const { type } = parameter
  if (type === 'text') {
    return parameter.parameter_name ? { tag: 'named-text', val: [parameter.parameter_name, String(parameter.text)] } : { tag: 'text', val: String(parameter.text) }
  }
  if (type === 'payload') return { tag: 'payload', val: String(parameter.payload) }
  const media = parameter[type]
  if (['image', 'video', 'document'].includes(type) && (typeof media === 'string' || Object.keys(media ?? {}).length === 1)) {
    return { tag: type, val: read('media-source', media, `${where}.${type}`) }
  }
  return { tag: 'json', val: JSON.stringify(parameter) }
}

/** A template, as bots write it and as Meta does: the name of the message that it is, and what it says. */
function template(message) {
  const { language, components = [], cards, ...rest } = message ?? {}
  const isCarousel = (component) => String(component?.type).toLowerCase() === 'carousel'
  const metas = components.find(isCarousel)?.cards
  const given = {
    ...rest,
    language: language?.code ?? language,
    components: components.filter((component) => !isCarousel(component)),
  }
  const all = cards ?? metas
  if (all === undefined) return ['template-message', given]
  return ['carousel-template', { ...given, cards: all.map((card) => ({ components: card.components })) }]
}

/**
 * The helpers that send, by their names: each is given whom to, what its type has, and options.
 * @param {(name: string, record: object) => Promise<unknown>} send
 */
export function makeSends(send) {
  const sends = {}
  const add = (name, declared, positional, set) => {
    sends[name] = async (to, ...given) => {
      const whom = recipient(to)
      let message = {}
      let rest = given
      // An object in the place of a medium may have its caption with it.
      const isWhole = positional[0] === 'source' && isObject(given[0])
      if (isWhole) message = { ...given[0] }
      positional.forEach((field, n) => { if (!(isWhole && n === 0)) message[field] = given[n] })
      rest = given.slice(positional.length)
      const options = rest[0]
      if (positional.length === 0) message = options
      else if (options !== undefined) message = { ...message, ...options }
      if (set) message = { ...message, ...set }
      const [type, said] = declared === 'template-message' ? template(message) : [declared, message]
      return send(type, { to: whom, ...record(type, said) })
    }
  }
  for (const [declared, { npm }] of Object.entries(MESSAGES)) {
    if (npm.via) continue
    add(npm.name, declared, npm.positional ?? [])
    for (const preset of npm.presets ?? []) add(preset.name, declared, preset.positional ?? ['source'], preset.set)
  }
  return sends
}

/** The function of `wit/whatsapp.wit` that sends a message. */
export const functionOf = (name) => `whatsapp.${MESSAGES[name].send}`
