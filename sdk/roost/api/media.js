/** Media: what customers sent, and files that messages are to carry. */
import { RoostError } from '../error.js'

/** As much of a file goes to the host in one call. */
const PIECE = 256 * 1024

/** After these the host has no bytes to give, and Meta may. */
const NOT_HERE = ['not-kept', 'not-found']

/**
 * @param {(name: string, ...args: unknown[]) => Promise<any>} call
 * @param {{ request(method: string, path: string): Promise<{ status: number, body: any }> }} whatsapp
 */
export function makeMedia(call, whatsapp) {
  async function get(medium) { return shown(await call('media.describe', idOf(medium))) }

  async function* stream(medium) {
    const id = idOf(medium)
    try {
      await call('media.wait-for', id)
    } catch (error) {
      if (!NOT_HERE.includes(error.code)) throw error
      yield* ofMeta(whatsapp, id, error)
      return
    }
    for (let at = 0; ;) {
      const piece = await call('media.read', id, BigInt(at))
      if (piece.length === 0) return
      at += piece.length
      yield piece
    }
  }

  async function read(medium) {
    const pieces = []
    let size = 0
    for await (const piece of stream(medium)) {
      pieces.push(piece)
      size += piece.length
    }
    const whole = Buffer.alloc(size)
    let at = 0
    for (const piece of pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    return whole
  }

  /** Hands a file over in pieces, and gives what the host calls it. */
  async function begin(source) {
    const begun = await call('media.begin')
    for await (const bytes of piecesOf(source)) {
      for (let at = 0; at < bytes.length; at += PIECE) await call('media.add', begun, bytes.subarray(at, at + PIECE))
    }
    return begun
  }

  async function upload(source, options = {}) {
    const file = fileOf(source, options)
    const address = addressOf(source)
    if (address !== undefined) return made(await call('media.upload-from', address, file))
    return made(await call('media.upload', await begin(source), file))
  }

  async function uploadSample(source, options = {}) {
    if (addressOf(source) !== undefined) throw new RoostError('invalid', 'a sample is given as bytes, a stream or a file of the bot: fetch the address first')
    return call('media.upload-sample', await begin(source), fileOf(source, options))
  }

  return {
    get, read, stream, upload, uploadSample,
    async delete(medium) { return call('media.delete', idOf(medium)) },
  }
}

/** An id, or what has one: a message of `messages()`, its content, an upload. */
function idOf(medium) {
  if (typeof medium === 'string') return medium
  // Of a message, as `messages()` or as Meta has it, `id` is the message's own.
  const { type, content } = medium ?? {}
  const id = type === undefined ? medium?.id : content?.id ?? medium[type]?.id
  if (typeof id !== 'string') throw new RoostError('invalid', 'give Meta\'s id of a medium, or a message that carries one')
  return id
}

function shown({ size, ...medium }) {
  return { ...medium, size: size === undefined ? undefined : Number(size) }
}

function made({ size, expiresAt, ...uploaded }) {
  return { ...uploaded, size: Number(size), expiresAt: new Date(Number(expiresAt) * 1000) }
}

function addressOf(source) {
  if (source instanceof URL) return source.href
  return typeof source === 'string' && /^https?:\/\//i.test(source) ? source : undefined
}

function fileOf(source, { type, filename, kind }) {
  const isPath = typeof source === 'string' && addressOf(source) === undefined
  const named = isPath ? source.split(/[\\/]/).pop() : source?.name
  const typed = typeof source?.type === 'string' && source.type.includes('/') ? source.type : undefined
  return { mimeType: type ?? typed, filename: filename ?? (typeof named === 'string' && named !== '' ? named : undefined), kind }
}

/** The bytes of what somebody has: bytes, a blob, a stream of any kind, a file of the bot by its path. */
async function* piecesOf(source) {
  if (typeof source === 'string') {
    yield bytesOf(await process.getBuiltinModule('fs').promises.readFile(source))
    return
  }
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) {
    yield bytesOf(source)
    return
  }
  if (typeof source?.arrayBuffer === 'function' && typeof source?.[Symbol.asyncIterator] !== 'function') {
    yield bytesOf(await source.arrayBuffer())
    return
  }
  const body = source?.body ?? source
  if (typeof body?.[Symbol.asyncIterator] !== 'function' && typeof body?.[Symbol.iterator] !== 'function') {
    throw new RoostError('invalid', 'a file is bytes, a Blob, a stream, an https address, or the path of a file of the bot')
  }
  for await (const piece of body) yield typeof piece === 'string' ? new TextEncoder().encode(piece) : bytesOf(piece)
}

function bytesOf(value) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

/** What Meta has, for some days, of what the host does not keep. */
async function* ofMeta(whatsapp, id, because) {
  const { status, body } = await whatsapp.request('GET', encodeURIComponent(id))
  if (status !== 200 || typeof body?.url !== 'string') throw because
  const token = process.env.WHATSAPP_TOKEN
  const response = await fetch(body.url, token ? { headers: { authorization: `Bearer ${token}` } } : {})
  if (!response.ok) throw because
  for await (const piece of response.body) yield bytesOf(piece)
}
