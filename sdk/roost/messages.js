/** Friendly arguments to the records of `wit/whatsapp.wit`. */
import { RoostError } from './error.js'

const invalid = (text) => new RoostError('invalid', text)

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

const recipient = (to) => text(typeof to === 'number' ? String(to) : to, '`to`').replace(/^\+/, '')

function header(value) {
  if (value === undefined || typeof value === 'string') return value === undefined ? undefined : { tag: 'text', val: value }
  const [kind] = Object.keys(value)
  if (!['text', 'image', 'video', 'document'].includes(kind)) throw invalid('`header` must be a text or have `image`, `video` or `document`')
  return { tag: kind, val: kind === 'text' ? value.text : source(value[kind], `\`header.${kind}\``) }
}

export function textMessage(to, body, { previewUrl = false, replyTo } = {}) {
  return { to: recipient(to), body: text(body, '`body`'), previewUrl, replyTo }
}

export function buttonsMessage(to, message) {
  const buttons = (message?.buttons ?? []).map((button) => (typeof button === 'string' ? { id: button, title: button } : { id: button.id, title: button.title }))
  if (buttons.length < 1 || buttons.length > 3) throw invalid('`buttons` must be one to three')
  return {
    to: recipient(to), header: header(message.header), body: text(message.body, '`body`'), footer: message.footer, buttons,
    replyTo: message.replyTo,
  }
}

export function listMessage(to, message) {
  const sections = (message?.sections ?? [{ rows: message?.rows ?? [] }]).map(({ title, rows }) => ({
    title, rows: rows.map(({ id, title: name, description }) => ({ id, title: name, description })),
  }))
  if (sections.every(({ rows }) => rows.length === 0)) throw invalid('a list needs `rows`, or `sections` with rows')
  return {
    to: recipient(to), header: message.header, body: text(message.body, '`body`'), footer: message.footer,
    button: text(message.button, '`button`'), sections, replyTo: message.replyTo,
  }
}

export function mediaMessage(to, message) {
  const { kind, caption, filename, replyTo } = message ?? {}
  if (!['image', 'video', 'audio', 'document', 'sticker'].includes(kind)) {
    throw invalid('`kind` must be image, video, audio, document or sticker')
  }
  return { to: recipient(to), kind, source: source(message, 'the message'), caption, filename, replyTo }
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

export function templateMessage(to, { name, language, components = [] }) {
  return {
    to: recipient(to), name: text(name, '`name`'), language: text(language?.code ?? language, '`language`'),
    components: components.map((component) => ({
      kind: component.type ?? component.kind,
      subType: component.sub_type ?? component.subType,
      index: component.index === undefined ? undefined : Number(component.index),
      parameters: (component.parameters ?? []).map(templateParameter),
    })),
  }
}

export function flowMessage(to, message) {
  const { flow, footer, screen, data, draft = false, reference, expiresIn, replyTo } = message ?? {}
  return {
    to: recipient(to), name: text(flow, '`flow`'), header: header(message.header), body: text(message.body, '`body`'), footer,
    button: text(message.button, '`button`'), screen, data: data === undefined ? undefined : JSON.stringify(data), draft: Boolean(draft),
    reference: reference === undefined ? undefined : String(reference), seconds: expiresIn === undefined ? undefined : Math.ceil(expiresIn), replyTo,
  }
}

/** A text, or a parameter as Meta's JSON has it. */
function templateParameter(parameter) {
  if (typeof parameter !== 'object') return { tag: 'text', val: String(parameter) }
  const { type } = parameter
  if (type === 'text') {
    return parameter.parameter_name ? { tag: 'named-text', val: [parameter.parameter_name, parameter.text] } : { tag: 'text', val: parameter.text }
  }
  if (type === 'payload') return { tag: 'payload', val: parameter.payload }
  const media = parameter[type]
  if (['image', 'video', 'document'].includes(type) && Object.keys(media ?? {}).length === 1) return { tag: type, val: source(media, `\`${type}\``) }
  return { tag: 'json', val: JSON.stringify(parameter) }
}
