/** `FormData`, and its multipart form on the wire. */
import { engine } from '../engine.js'
import { Buffer } from '../node/buffer.js'
import { showAs } from '../node/inspect.js'
import { Blob, File } from './blob.js'

export class FormData {
  #entries = []

  constructor(form) {
    if (form !== undefined) throw new TypeError('There are no forms here to make FormData of')
  }

  append(name, value, filename) { this.#entries.push(entry(name, value, filename)) }
  delete(name) { this.#entries = this.#entries.filter(([key]) => key !== `${name}`) }
  get(name) { return this.#entries.find(([key]) => key === `${name}`)?.[1] ?? null }
  getAll(name) { return this.#entries.filter(([key]) => key === `${name}`).map(([, value]) => value) }
  has(name) { return this.#entries.some(([key]) => key === `${name}`) }

  set(name, value, filename) {
    const made = entry(name, value, filename)
    const position = this.#entries.findIndex(([key]) => key === made[0])
    if (position < 0) return void this.#entries.push(made)
    this.#entries = this.#entries.filter(([key], i) => key !== made[0] || i === position)
    this.#entries[position] = made
  }

  forEach(callback, self) {
    for (const [name, value] of this) callback.call(self, value, name, this)
  }

  * entries() { for (const [name, value] of this.#entries) yield [name, value] }
  * keys() { for (const [name] of this.#entries) yield name }
  * values() { for (const [, value] of this.#entries) yield value }
  [Symbol.iterator]() { return this.entries() }
}
Object.defineProperty(FormData.prototype, Symbol.toStringTag, { value: 'FormData', configurable: true })
showAs(FormData, function () {
  return Object.fromEntries([...this.keys()].map((name) => [name, this.getAll(name)]).map(([name, all]) => [name, all.length > 1 ? all : all[0]]))
})

function entry(name, value, filename) {
  if (value instanceof Blob) {
    if (!(value instanceof File) || filename !== undefined) {
      value = new File([value], filename ?? (value instanceof File ? value.name : 'blob'), { type: value.type })
    }
    return [`${name}`, value]
  }
  if (filename !== undefined) throw new TypeError("Failed to execute 'append' on 'FormData': parameter 2 is not of type 'Blob'")
  return [`${name}`, `${value}`.toWellFormed()]
}

const quote = (text) => text.replace(/\r\n|\r|\n/g, '%0D%0A').replace(/"/g, '%22')

/** The bytes of a form, and the content type that names their boundary. */
export function encodeForm(form) {
  const boundary = `----formdata-roost-${Math.random().toString(36).slice(2).padEnd(12, '0')}`
  const chunks = []
  for (const [name, value] of form) {
    let head = `--${boundary}\r\nContent-Disposition: form-data; name="${quote(name)}"`
    if (typeof value === 'string') {
      chunks.push(engine.utf8Encode(`${head}\r\n\r\n${value.replace(/\r\n|\r|\n/g, '\r\n')}\r\n`))
      continue
    }
    head += `; filename="${quote(value.name)}"\r\nContent-Type: ${value.type || 'application/octet-stream'}`
    chunks.push(engine.utf8Encode(`${head}\r\n\r\n`), Blob.bytesOf(value), engine.utf8Encode('\r\n'))
  }
  chunks.push(engine.utf8Encode(`--${boundary}--\r\n`))
  return { bytes: Buffer.concat(chunks), type: `multipart/form-data; boundary=${boundary}` }
}

/** Reads a body of `multipart/form-data` or `application/x-www-form-urlencoded`. */
export function decodeForm(bytes, contentType) {
  const form = new FormData()
  if (/^application\/x-www-form-urlencoded/i.test(contentType)) {
    for (const [name, value] of new URLSearchParams(engine.utf8Decode(bytes, false))) form.append(name, value)
    return form
  }
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1]
  if (!/^multipart\/form-data/i.test(contentType) || !boundary) throw new TypeError('The body is no form')
  const mark = engine.utf8Encode(`--${boundary}`)
  let position = engine.indexOf(bytes, mark, 0)
  while (position >= 0) {
    const start = position + mark.length + 2
    const next = engine.indexOf(bytes, mark, start)
    if (next < 0) break
    const headEnd = engine.indexOf(bytes, engine.utf8Encode('\r\n\r\n'), start)
    if (headEnd < 0 || headEnd > next) throw new TypeError('The form is malformed')
    const head = engine.utf8Decode(bytes.subarray(start, headEnd), false)
    const content = bytes.subarray(headEnd + 4, next - 2)
    const name = /\bname="([^"]*)"/i.exec(head)?.[1]
    if (name === undefined) throw new TypeError('The form is malformed')
    const filename = /\bfilename="([^"]*)"/i.exec(head)?.[1]
    const unquote = (text) => text.replace(/%0D%0A/gi, '\r\n').replace(/%22/g, '"')
    if (filename === undefined) form.append(unquote(name), engine.utf8Decode(content, false))
    else form.append(unquote(name), new File([content], unquote(filename), { type: /^content-type:\s*(.+)$/im.exec(head)?.[1]?.trim() ?? 'text/plain' }))
    position = next
  }
  return form
}
