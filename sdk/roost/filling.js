/** Friendly arguments to the records of `wit/templates.wit` and `wit/flows.wit`. */
import { invalid, recipient } from './messages.js'

/** `{id}` or `{link}` as a media source. */
function source(media, where) {
  if (typeof media === 'string') return /^https?:\/\//.test(media) ? { tag: 'link', val: media } : { tag: 'id', val: media }
  if (media?.id !== undefined) return { tag: 'id', val: String(media.id) }
  if (media?.link !== undefined) return { tag: 'link', val: String(media.link) }
  throw invalid(`${where} needs an \`id\` or a \`link\``)
}

function text(value, where) {
  if (typeof value !== 'string' || value === '') throw invalid(`${where} must be a text that is not empty`)
  return value
}

function header(value) {
  if (value === undefined || typeof value === 'string') return value === undefined ? undefined : { tag: 'text', val: value }
  const [kind] = Object.keys(value)
  if (!['text', 'image', 'video', 'document'].includes(kind)) throw invalid('`header` must be a text or have `image`, `video` or `document`')
  return { tag: kind, val: kind === 'text' ? value.text : source(value[kind], `\`header.${kind}\``) }
}

export function flowMessage(to, message) {
  const { flow, footer, screen, data, draft = false, reference, expiresIn, replyTo } = message ?? {}
  return {
    to: recipient(to), name: text(flow, '`flow`'), header: header(message.header), body: text(message.body, '`body`'), footer,
    button: text(message.button, '`button`'), screen, data: data === undefined ? undefined : JSON.stringify(data), draft: Boolean(draft),
    reference: reference === undefined ? undefined : String(reference), seconds: expiresIn === undefined ? undefined : Math.ceil(expiresIn), replyTo,
  }
}

/** Texts for variables: in order, by name, or one. */
function texts(values) {
  if (values === undefined || values === null) return []
  if (Array.isArray(values)) return values.map((value) => ({ text: String(value) }))
  if (typeof values === 'object') return Object.entries(values).map(([name, value]) => ({ name, text: String(value) }))
  return [{ text: String(values) }]
}

/** What stands above a template's text. */
function templateHeader(value, where) {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'object') return { tag: 'text', val: { text: String(value) } }
  if (value.type !== undefined) return { tag: 'json', val: JSON.stringify(value) }
  if (value.text !== undefined) return { tag: 'text', val: { name: value.name, text: String(value.text) } }
  for (const kind of ['image', 'video']) {
    if (value[kind] !== undefined) return { tag: kind, val: source(value[kind], `\`${where}.${kind}\``) }
  }
  if (value.document !== undefined) {
    return { tag: 'document', val: { source: source(value.document, `\`${where}.document\``), filename: value.filename } }
  }
  throw invalid(`\`${where}\` must be a text, have \`image\`, \`video\` or \`document\`, or be a parameter of Meta's with a \`type\``)
}

/** What buttons are given, by their places. */
function templateButtons(values) {
  return Object.entries(values ?? {}).filter(([, value]) => value !== undefined && value !== null).map(([index, value]) => ({
    index: Number(index),
    value: typeof value === 'object' ? { tag: 'json', val: JSON.stringify(value) } : { tag: 'text', val: String(value) },
  }))
}

const templateCard = (card, where) => ({
  header: templateHeader(card?.header, `${where}header`), body: texts(card?.body), buttons: templateButtons(card?.buttons),
})

export function templateFilling(to, name, values = {}) {
  const expiresAt = values.expiresAt instanceof Date ? values.expiresAt.getTime() : values.expiresAt
  if (expiresAt !== undefined && !(Number.isSafeInteger(expiresAt) && expiresAt >= 0)) throw invalid('`expiresAt` must be a Date, or milliseconds since 1970')
  return {
    to: recipient(to), name: text(name, '`name`'), language: values.language?.code ?? values.language,
    ...templateCard(values, ''),
    cards: (values.cards ?? []).map((card, n) => templateCard(card, `cards[${n}].`)),
    expiresAt,
  }
}
