/** One connection's transaction state over the host's transactions: what BEGIN, COMMIT and ROLLBACK do. */
import { call, log } from '../host.js'
import { phase } from '../phase.js'
import { databaseError } from './errors.js'
import { Result, toHost } from './result.js'
import { guardedStatement, ownCatalogs, settingCommand, splitStatements, transactionCommand } from './sql.js'

const ZONE = 'pg: the session\'s time zone stays UTC. Dates and times come as the same instants; what SQL itself makes of ' +
  'them, such as `now()::date`, needs `AT TIME ZONE`'

export class Session {
  /** What BEGIN asked for, and the host's transaction once a statement has run in it. */
  #transaction

  /** 'I' idle, 'T' in a transaction, 'E' in one that has failed: Postgres's own letters. */
  get status() {
    const open = this.#open()
    return !open ? 'I' : open.failed ? 'E' : 'T'
  }

  /** Runs the text of a query: one result, or an array of them for several statements. */
  async run(query) {
    const { text, values } = query
    // What has parameters is one statement: the host says so when it is not.
    if (values?.length > 0 || !text.includes(';')) return this.#statement(text, query)
    const statements = splitStatements(text)
    if (statements.length === 0) return Result.ofCommand(null)
    if (statements.length === 1) return this.#statement(statements[0], query)
    return this.#several(statements, query)
  }

  /** Rolls back what is left open. */
  async reset() {
    if (this.#open()) await this.#end('rollback')
  }

  #open() {
    // The host ends transactions with their event; what is left here is only a number.
    const { event } = this.#transaction ?? {}
    if (event !== undefined && event !== phase.event) this.#transaction = undefined
    return this.#transaction
  }

  /** Several statements of one text are one transaction, unless they say otherwise. */
  async #several(statements, query) {
    const implicit = !this.#open() && !statements.some(transactionCommand)
    if (implicit) this.#begin({})
    const results = []
    try {
      for (const statement of statements) results.push(await this.#statement(statement, query))
    } catch (error) {
      if (implicit) await this.#end('rollback').catch(() => {})
      throw error
    }
    if (implicit) await this.#end('commit', query.site)
    return results
  }

  async #statement(text, query) {
    const command = transactionCommand(text)
    if (command && command.kind !== 'rollback-to') {
      const result = await this.#control(command, query)
      if (result) return result
    }
    const open = this.#open()
    const setting = open?.failed ? undefined : settingCommand(text)
    if (setting?.set) {
      if (setting.isOther) log('warn', ZONE)
      return Result.ofCommand('SET')
    }
    if (setting) {
      const result = await this.#ask(open, `SELECT current_setting('${setting.show}') AS "${setting.column}"`, query, command)
      return Object.assign(result, { command: 'SHOW', rowCount: null })
    }
    const guarded = guardedStatement(text)
    return guarded ? this.#guarded(guarded, query) : this.#ask(open, ownCatalogs(text), query, command)
  }

  /** A statement of which some errors mean nothing: what a transaction did before it stays. */
  async #guarded({ statement, codes }, query) {
    const inTransaction = this.#open()
    const step = (text) => this.#ask(inTransaction, text, { ...query, values: [] }, transactionCommand(text))
    if (inTransaction) await step('SAVEPOINT roost_do')
    try {
      await step(ownCatalogs(statement))
      if (inTransaction) await step('RELEASE SAVEPOINT roost_do')
    } catch (error) {
      if (!codes.includes(error?.code)) throw error
      if (inTransaction) await step('ROLLBACK TO SAVEPOINT roost_do')
    }
    return Result.ofCommand('DO')
  }

  async #ask(open, text, query, command) {
    const parameters = (query.values ?? []).map(toHost)
    try {
      const rows = open ? await this.#inTransaction(open, text, parameters) : await call('database.query', [text, parameters])
      if (open && command?.kind === 'rollback-to') open.failed = false
      return Result.of(rows, query)
    } catch (error) {
      if (open && error?.payload !== undefined) open.failed = true
      throw databaseError(error, query.site)
    }
  }

  async #inTransaction(open, text, parameters) {
    // Begun only now: BEGIN alone need not reach the host, and SET TRANSACTION may still follow it.
    open.handle ??= call('database.begin', [{ isolation: open.options.isolation, readOnly: open.options.readOnly ?? false }])
    let handle
    try {
      handle = await open.handle
      // Known only now: a call made while an image is made is answered in an event.
      open.event ??= phase.event
    } catch (error) {
      open.handle = undefined
      throw error
    }
    return call('database.[method]transaction.query', [handle, text, parameters])
  }

  async #control({ kind, options, chain }, query) {
    const open = this.#open()
    switch (kind) {
      case 'begin':
        if (open) log('warn', 'pg: BEGIN inside a transaction: there is already a transaction in progress')
        else this.#begin(options)
        return Result.ofCommand('BEGIN')
      case 'set':
        if (!open || open.handle) return undefined
        Object.assign(open.options, options)
        return Result.ofCommand('SET')
      case 'commit': {
        if (!open) return Result.ofCommand('COMMIT')
        const failed = open.failed
        await this.#end(failed ? 'rollback' : 'commit', query.site)
        if (chain) this.#begin(open.options)
        // As Postgres: a failed transaction can only be rolled back, and COMMIT says that it did so.
        return Result.ofCommand(failed ? 'ROLLBACK' : 'COMMIT')
      }
      default:
        if (open) await this.#end('rollback', query.site)
        if (open && chain) this.#begin(open.options)
        return Result.ofCommand('ROLLBACK')
    }
  }

  #begin(options) {
    this.#transaction = { options: { ...options }, handle: undefined, failed: false, event: undefined }
  }

  async #end(how, site) {
    const open = this.#transaction
    this.#transaction = undefined
    if (!open.handle) return
    const handle = await open.handle.catch(() => undefined)
    if (handle === undefined) return
    try {
      await call(`database.[static]transaction.${how}`, [handle])
    } catch (error) {
      throw databaseError(error, site)
    }
  }
}
