/** `pg.Client`: what looks like a connection is a place in the host's queue and a transaction state. */
import TypeOverrides from 'pg/lib/type-overrides.js'
import { escapeIdentifier, escapeLiteral, normalizeQueryConfig } from 'pg/lib/utils.js'
import { unavailable } from '../errors.js'
import { log } from '../host.js'
import { EventEmitter } from '../node/events.js'
import { Session } from './session.js'

/** Where a query was made; the pool knows it when the client can no longer see it. */
export const callSite = Symbol('callSite')

/** The stack from the caller of `from` on, which an error of this query will show. */
export function captureSite(from) {
  const site = {}
  Error.captureStackTrace(site, from)
  return site
}

let told = false

/** Says once that settings of a connection mean nothing here. */
export function tellOfSettings(config) {
  const given = typeof config === 'string' || config?.connectionString || config?.host || config?.database || process.env.PGHOST
  if (told || !given) return
  told = true
  log('debug', "pg: host, database, user and password are not used; every connection goes to the project's own schema")
}

/** One connection. */
export class Client extends EventEmitter {
  #session = new Session()
  #tail = Promise.resolve()
  #connected = false
  #ended = false

  constructor(config) {
    super()
    tellOfSettings(config)
    const settings = typeof config === 'string' ? { connectionString: config } : config ?? {}
    this.connectionParameters = { ...settings }
    this.user = settings.user ?? 'roost'
    this.database = settings.database ?? 'roost'
    this.host = settings.host ?? 'roost'
    this.port = Number(settings.port ?? 5432)
    this.processID = 1
    this.secretKey = 0
    this.ssl = false
    this._types = new TypeOverrides(settings.types)
    this._connected = false
    this._ending = false
    // Sequelize and others listen to what the real connection tells.
    this.connection = Object.assign(new EventEmitter(), { stream: new EventEmitter(), end() {}, ref() {}, unref() {} })
  }

  connect(callback) {
    if (this.#connected) {
      const error = new Error('Client has already been connected. You cannot reuse a client.')
      if (!callback) return Promise.reject(error)
      process.nextTick(callback, error)
      return undefined
    }
    this.#connected = this._connected = true
    const done = () => {
      this.emit('connect')
      callback?.(null, this)
    }
    if (callback) {
      process.nextTick(done)
      return undefined
    }
    return new Promise((resolve) => process.nextTick(() => {
      done()
      resolve(this)
    }))
  }

  query(config, values, callback) {
    if (config === null || config === undefined) throw new TypeError('Client was passed a null or undefined query')
    if (typeof config.submit === 'function' && !(config instanceof Query)) {
      throw unavailable('A query object of another package (a cursor or a stream)', 'Read rows in pages instead: ORDER BY, LIMIT and a WHERE on the last key.')
    }
    const query = config instanceof Query ? config : normalizeQueryConfig(config, values, callback)
    const done = query.callback
    const site = query[callSite] ?? captureSite(this.query)
    const problem = problemOf(query) ?? (this.#ended || this._ending
      ? new Error('Client was closed and is not queryable') : undefined)
    const overrides = query.types ? { getTypeParser: query.types.getTypeParser.bind(query.types) } : this._types

    // One after the other, as on a connection.
    const running = this.#tail.then(() => {
      if (problem) throw problem
      return this.#session.run({ text: query.text, values: query.values, rowMode: query.rowMode, overrides, site })
    })
    this.#tail = running.then(() => {}, () => {}).then(() => { if (this.#session.status === 'I') this.emit('drain') })
    if (config instanceof Query) {
      running.then((result) => config._done(result), (error) => config._failed(error))
      return config
    }
    if (typeof done !== 'function') return running
    running.then((result) => process.nextTick(done, null, result), (error) => process.nextTick(done, error))
    return undefined
  }

  end(callback) {
    this._ending = true
    const ending = this.#tail.then(() => this.#session.reset()).catch(() => {}).then(() => {
      this.#ended = true
      this._connected = false
      this.connection.emit('end')
      this.emit('end')
    })
    if (!callback) return ending
    ending.then(() => callback())
    return undefined
  }

  /** Rolls back what is left open once the queries before have run. */
  _reset() {
    this.#tail = this.#tail.then(() => this.#session.reset()).catch(() => {})
    return this.#tail
  }

  /** Whether a transaction is open. */
  get _inTransaction() { return this.#session.status !== 'I' }
  getTransactionStatus() { return this.#session.status }

  setTypeParser(oid, format, parser) { return this._types.setTypeParser(oid, format, parser) }
  getTypeParser(oid, format) { return this._types.getTypeParser(oid, format) }
  escapeIdentifier(text) { return escapeIdentifier(text) }
  escapeLiteral(text) { return escapeLiteral(text) }
  cancel() {}
  ref() {}
  unref() {}
}

function problemOf({ text, values }) {
  if (typeof text !== 'string' || text === '') return new Error('A query must have either text or a name. Supplying neither is unsupported.')
  if (values !== undefined && values !== null && !Array.isArray(values)) return new TypeError('Query values must be an array')
  return undefined
}

/** A query that tells of its rows by events. */
export class Query extends EventEmitter {
  constructor(config, values, callback) {
    super()
    Object.assign(this, normalizeQueryConfig(config, values, callback))
  }

  submit() {}

  _done(result) {
    for (const one of [result].flat()) for (const row of one.rows) this.emit('row', row, one)
    this.callback?.(null, result)
    this.emit('end', result)
  }

  _failed(error) {
    if (this.callback) this.callback(error)
    else this.emit('error', error)
  }
}
