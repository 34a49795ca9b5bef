/** `pg.Pool`. Connections cost nothing here, so no client ever waits for another to be released. */
import { normalizeQueryConfig } from 'pg/lib/utils.js'
import { log } from '../host.js'
import { EventEmitter } from '../node/events.js'
import { transactionCommand } from './sql.js'
import { Client, Query, callSite, captureSite, tellOfSettings } from './client.js'

const HOLDS = 'pg: BEGIN on a pool: the statements that follow may run on another connection. Take a client with ' +
  '`pool.connect()`, and release it when the transaction is done'

export class Pool extends EventEmitter {
  #idle = []
  #all = new Set()

  constructor(options, ClientClass) {
    super()
    tellOfSettings(options)
    this.options = { max: 10, min: 0, maxUses: Infinity, idleTimeoutMillis: 10000, ...options }
    this.Client = ClientClass ?? options?.Client ?? Client
    this.ending = false
    this.ended = false
  }

  get totalCount() { return this.#all.size }
  get idleCount() { return this.#idle.length }
  get waitingCount() { return 0 }
  get expiredCount() { return 0 }

  connect(callback) {
    const taking = this.#take()
    if (!callback) return taking
    taking.then((client) => callback(undefined, client, client.release), (error) => callback(error, undefined, () => {}))
    return undefined
  }

  query(config, values, callback) {
    if (typeof config === 'function') {
      process.nextTick(config, new Error('Passing a function as the first parameter to pool.query is not supported'))
      return undefined
    }
    if (typeof values === 'function') [callback, values] = [values, undefined]
    const query = config instanceof Query ? config : normalizeQueryConfig(config, values)
    if (query) query[callSite] = captureSite(this.query)
    const running = this.#query(query)
    if (!callback) return running
    running.then((result) => callback(undefined, result), (error) => callback(error))
    return undefined
  }

  async #query(query) {
    const client = await this.#take()
    if (transactionCommand(query?.text ?? '')?.kind === 'begin') log('warn', HOLDS)
    try {
      return await client.query(query)
    } finally {
      // As with pg, the connection goes back as it is, and the next query takes this one first.
      this.#put(client)
    }
  }

  async #take() {
    if (this.ending) throw new Error('Cannot use a pool after calling end on the pool')
    let client = this.#idle.pop()
    if (!client) {
      client = new this.Client(this.options)
      this.#all.add(client)
      client.on('error', (error) => this.emit('error', error, client))
      await client.connect()
      await this.options.onConnect?.(client)
      this.emit('connect', client)
    }
    let released = false
    client.release = (destroy) => {
      if (released) throw new Error('Release called on client which has already been released to the pool.')
      released = true
      this.emit('release', destroy, client)
      if (client._inTransaction) log('warn', 'pg: a client was released with an open transaction, which is rolled back')
      client._reset()
      if (destroy) this.#remove(client)
      else this.#put(client)
    }
    this.emit('acquire', client)
    return client
  }

  #put(client) {
    if (this.ending || !this.#all.has(client)) return this.#remove(client)
    this.#idle.push(client)
    return undefined
  }

  #remove(client) {
    if (!this.#all.delete(client)) return
    client.end()
    this.emit('remove', client)
  }

  end(callback) {
    if (this.ending) {
      const error = new Error('Called end on pool more than once')
      if (!callback) return Promise.reject(error)
      callback(error)
      return undefined
    }
    this.ending = true
    for (const client of this.#idle.splice(0)) this.#remove(client)
    this.ended = true
    const done = Promise.resolve()
    if (!callback) return done
    done.then(() => callback())
    return undefined
  }
}
