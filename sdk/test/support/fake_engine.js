/**
 * An engine for tests: the contract of `runtime/src/engine.d.ts` without WebAssembly and without a host.
 *
 * Time stands still while code runs and jumps to the next alarm when nothing
 * else is left, so that no test waits.
 */

/** What an event may take. */
const EVENT_MS = 60_000

/** Host functions that give their result at once. */
const SYNC = /^(compression|digests|ciphers|certificates|intl-\w+)\.|^key-derivation\.(hkdf|.*-now)$|^public-keys\.(?!(generate|sign|decrypt|check-group|generate-prime|check-prime)$)/

/** What the fake needs of where the code runs; on Node, `node_engine.js` gives it. */
export class FakeEngine {
  logs = []
  failure
  holds = 0
  #time = 1_700_000_000_000
  #began = 0
  #queue = []
  #alarm
  #streams = new Map()
  #nextStream = 1
  #requests = new Map()
  #nextRequest = 1

  /**
   * @param {object} native evalScript, evalModule (which gives `[promise, namespace]`), runJobs, Promise and what else depends on the place
   * @param {Record<string, (...args: any[]) => any>} functions host functions by name, without `roost:bot/`
   * @param {(request: object) => {status: number, headers?: string[], body?: string}} network answers outgoing requests
   */
  constructor(native, functions = {}, network = () => { throw { payload: { tag: 'connection-refused' } } }) {
    this.native = native
    this.network = network
    this.functions = {
      'log.write': (level, message) => { this.logs.push({ level, message }) },
      'event.fail': (message) => { this.failure ??= message },
      'event.time-left': () => BigInt(Math.round((this.#began + EVENT_MS - this.#now()) * 1e6)),
      'secrets.get': () => undefined,
      'secrets.names': () => [],
      ...functions,
    }
    this.engine = this.#makeEngine()
  }

  load(source) {
    this.native.setGlobal('__engine', this.engine)
    this.native.evalScript(source, 'roost:runtime')
  }

  async boot(bundle, options = {}) {
    let result
    const { files = {}, ...rest } = options
    const json = JSON.stringify({ env: {}, format: 'cjs', file: '/app/app.js', database: true, patience: 28, ...rest })
    const [before, after, file, isModule] = this.engine.oncompile(json)
    const source = `${before}${bundle.replace(/^#!/, '//')}${after}`
    this.engine.evalBundle = () => (isModule ? this.native.evalModule(source, file, (name) => this.engine.onimport(name)) : this.native.evalScript(source, file))
    const pairs = Object.entries(files).flatMap(([path, content]) => [path, this.native.utf8Encode(content)])
    const made = this.engine.onboot(this.native.array(pairs), json)
    made.then((text) => { result = JSON.parse(text) })
    await this.#run(() => result !== undefined)
    return result
  }

  /** One event: a request, until it is answered and the work that it began is done. */
  async event({ method = 'GET', path = '/', headers = {}, body = '', scheme = 'https', authority = 'bot.example' } = {}) {
    const id = this.#nextRequest++
    const answer = { status: undefined, headers: undefined, stream: undefined }
    this.#requests.set(id, answer)
    this.failure = undefined
    this.logs = []
    this.#began = this.#now()
    this.engine.onevent('begin')
    const chunks = typeof body === 'string' ? [this.native.utf8Encode(body)] : body
    const stream = this.#open({ chunks: chunks.filter((chunk) => chunk.length > 0), ended: true })
    this.#deliver(() => this.engine.onrequest(id, method, scheme, authority, path, Object.entries(headers).flat(), stream))
    // As the engine: when nothing is under way any more, the event is over, answered or not.
    await this.#run(() => this.holds === 0 && !this.#alarm?.holds && this.#queue.length === 0)
    const { stream: written } = answer
    const broken = Boolean(written && (written.broken || (!written.closed && !written.gone)))
    if (written && !written.closed && !written.gone) this.failure ??= 'the bot began its answer and never ended it'
    this.engine.onevent('end')
    if (!this.#alarm?.holds) this.#alarm = undefined
    const bytes = answer.stream ? answer.stream.chunks : []
    return {
      status: answer.status, rawHeaders: answer.headers, headers: Object.fromEntries(pairs(answer.headers)), closed: answer.closed?.(),
      broken, took: this.#now() - this.#began, body: bytes.map((chunk) => this.engine.utf8Decode(chunk, false)).join(''), failure: this.failure, logs: this.logs,
    }
  }

  /** Lets time pass between events. */
  pass(ms) { this.#time += ms }

  get pendingAlarm() { return this.#alarm && { ms: this.#alarm.at - this.#time, holds: this.#alarm.holds } }

  #deliver(callback) {
    this.#queue.push(callback)
  }

  async #run(done) {
    for (let turns = 0; ; turns++) {
      if (turns > 100_000) throw new Error('the bot does not come to an end')
      this.engine.onturn()
      await this.native.breathe?.()
      if (this.#queue.length > 0) this.#queue.shift()()
      else if (done()) return
      else if (this.#alarm) {
        const { at } = this.#alarm
        this.#alarm = undefined
        if (this.native.sleep) this.native.sleep(Math.max(0, at - this.#now()))
        this.#time = Math.max(this.#time, at)
      } else {
        return
      }
    }
  }

  #now() {
    return this.native.now ? this.native.now() : this.#time
  }

  /** A promise of the bot's realm that the queue settles later, and that keeps the event open until then. */
  #later(work) {
    this.holds++
    return new this.native.Promise((resolve, reject) => {
      const settle = () => {
        let value
        try {
          value = work()
        } catch (error) {
          this.holds--
          return reject(error)
        }
        if (typeof value?.then === 'function') {
          value.then((result) => this.#deliver(() => { this.holds--; resolve(result) }), (error) => this.#deliver(() => { this.holds--; reject(error) }))
        } else {
          this.holds--
          resolve(value)
        }
      }
      this.#deliver(settle)
    })
  }

  #open(stream) {
    const id = this.#nextStream++
    this.#streams.set(id, { chunks: [], ended: false, closed: false, ...stream })
    return id
  }

  #makeEngine() {
    const names = Object.keys(this.functions)
    const sync = new Set(['log.write', 'event.fail', 'event.time-left', 'secrets.get', 'secrets.names'])
    const { native } = this
    return {
      now: () => this.#now(),
      monotonic: () => this.#now() - 1_600_000_000_000,
      random: (target) => native.random(target),
      timeZone: (name) => native.timeZone(name),
      runJobs: () => native.runJobs(),
      alarm: (ms, holds) => { this.#alarm = ms < 0 ? undefined : { at: this.#now() + ms, holds } },
      hold: (change) => { this.holds += change },
      functions: names.map((name) => `roost:bot/${name}`),
      call: (index, args) => {
        const name = names[index]
        if (sync.has(name) || SYNC.test(name)) return this.functions[name](...args)
        return this.#later(() => this.functions[name](...args))
      },
      respond: (id, status, headers, hasBody) => {
        const answer = this.#requests.get(id)
        refuseHeaders(headers)
        if (!answer || answer.status !== undefined) throw new Error(`request ${id} was answered before`)
        Object.assign(answer, { status, headers, closed: () => !answer.stream || answer.stream.closed })
        if (!hasBody) return undefined
        const stream = this.#open({})
        answer.stream = this.#streams.get(stream)
        return stream
      },
      request: (method, scheme, authority, path, headers, hasBody) => {
        refuseHeaders(headers)
        const body = hasBody ? this.#open({}) : undefined
        const sent = hasBody ? this.#streams.get(body) : { chunks: [], closed: true }
        const answer = () => {
          const text = sent.chunks.map((chunk) => this.engine.utf8Decode(chunk, false)).join('')
          const { status = 200, headers: back = [], body: content = '' } = this.network({ method, scheme, authority, path, headers, body: text })
          return { status, headers: back, body: this.#open({ chunks: content === '' ? [] : [native.utf8Encode(content)], ended: true }) }
        }
        const response = new native.Promise((resolve, reject) => {
          this.holds++
          const wait = () => {
            if (!sent.closed && this.#queue.length > 0) return this.#deliver(wait)
            this.holds--
            try { resolve(answer()) } catch (error) { reject(error) }
          }
          this.#deliver(wait)
        })
        return { id: this.#nextRequest++, body, response }
      },
      read: (id, max) => this.#later(() => {
        const stream = this.#streams.get(id)
        if (!stream) throw new Error('the stream is closed')
        const chunk = stream.chunks.shift()
        if (!chunk) return null
        if (chunk.length > max) stream.chunks.unshift(chunk.subarray(max))
        return chunk.slice(0, max)
      }),
      write: (id, bytes) => {
        const stream = this.#streams.get(id)
        if (stream.closed) throw new Error('the stream is closed')
        stream.chunks.push(bytes.slice())
        return this.#later(() => !stream.gone)
      },
      giveUp() {},
      close: (id, broken = false) => {
        const stream = this.#streams.get(id)
        if (stream && !stream.closed) Object.assign(stream, { closed: true, broken })
      },
      gc() {},
      memory: () => native.memory(),
      onrequest() {}, onturn() {}, onrejection() {}, onuncaught() {}, onboot() {}, onevent() {}, onimport() {},
      ...textFunctions(native),
      getAsyncContext: native.getAsyncContext,
      setAsyncContext: native.setAsyncContext,
      isProxy: native.isProxy,
      promiseState: native.promiseState,
    }
  }
}

/** What `wasi:http` refuses in any message of a component. */
const FORBIDDEN = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'transfer-encoding', 'upgrade', 'host', 'http2-settings']

function refuseHeaders(headers) {
  for (const [name] of pairs(headers)) if (FORBIDDEN.includes(name.toLowerCase())) throw new TypeError('a header is one that Roost sets itself')
}

export function* pairs(flat = []) {
  for (let i = 0; i < flat.length; i += 2) yield [flat[i], flat[i + 1]]
}

/** The contract's text functions, slow and plain. */
function textFunctions(native) {
  const array = (values) => native.bytes(values)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const places = new Map([...alphabet].map((c, i) => [c, i]).concat([['-', 62], ['_', 63]]))
  const latin1Decode = (bytes) => {
    let text = ''
    for (const byte of bytes) text += String.fromCharCode(byte)
    return text
  }
  return {
    utf8Encode: (text) => native.utf8Encode(text),
    utf8Decode: (bytes, fatal) => native.utf8Decode ? native.utf8Decode(bytes, fatal) : utf8Decode(bytes, fatal),
    latin1Decode,
    latin1Encode: (text) => array(Array.from({ length: text.length }, (_, i) => text.charCodeAt(i) & 0xff)),
    base64Encode(bytes, url) {
      let text = ''
      for (let i = 0; i < bytes.length; i += 3) {
        const group = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
        const count = Math.min(3, bytes.length - i) + 1
        for (let j = 0; j < count; j++) text += alphabet[(group >> (18 - 6 * j)) & 63]
        if (!url) text += '='.repeat(4 - count)
      }
      return url ? text.replaceAll('+', '-').replaceAll('/', '_') : text
    },
    base64Decode(text) {
      const values = []
      for (const c of text) {
        if (c === '=') break
        if (places.has(c)) values.push(places.get(c))
      }
      const bytes = []
      for (let i = 0; i + 1 < values.length; i += 4) {
        const group = (values[i] << 18) | (values[i + 1] << 12) | ((values[i + 2] ?? 0) << 6) | (values[i + 3] ?? 0)
        bytes.push(group >> 16)
        if (i + 2 < values.length) bytes.push((group >> 8) & 255)
        if (i + 3 < values.length) bytes.push(group & 255)
      }
      return array(bytes)
    },
    hexEncode: (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    hexDecode(text) {
      const bytes = []
      for (let i = 0; i + 1 < text.length && /^[0-9a-f]{2}$/i.test(text.slice(i, i + 2)); i += 2) bytes.push(parseInt(text.slice(i, i + 2), 16))
      return array(bytes)
    },
    indexOf(haystack, needle, from) {
      for (let i = from; i + needle.length <= haystack.length; i++) {
        if (needle.every((byte, j) => haystack[i + j] === byte)) return i
      }
      return -1
    },
    sameBytes(one, other) {
      for (const bytes of [one, other]) if (bytes[Symbol.toStringTag] !== 'Uint8Array') throw new TypeError('the engine takes nothing else than a Uint8Array')
      return one.length === other.length && one.every((byte, i) => byte === other[i])
    },
  }
}

function utf8Decode(bytes, fatal) {
  let text = ''
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i++]
    let need = byte < 0x80 ? 0 : byte >= 0xc2 && byte < 0xe0 ? 1 : byte >= 0xe0 && byte < 0xf0 ? 2 : byte >= 0xf0 && byte < 0xf5 ? 3 : -1
    let code = need === 0 ? byte : byte & (0x3f >> need)
    while (need > 0 && (bytes[i] & 0xc0) === 0x80) {
      code = (code << 6) | (bytes[i++] & 0x3f)
      need--
    }
    if (need !== 0) {
      if (fatal) throw new TypeError('malformed UTF-8')
      code = 0xfffd
    }
    text += String.fromCodePoint(code)
  }
  return text
}
