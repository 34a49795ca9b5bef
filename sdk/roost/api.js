/** The functions of this package, over a backend: the host's own functions inside Roost, Meta's API and `pg` on Node. */
import { RoostError, fromHost } from './error.js'
import { buttonsMessage, listMessage, mediaMessage, templateMessage, textMessage } from './messages.js'

/**
 * @param {{
 *   call(name: string, args: unknown[]): Promise<any>,
 *   log(level: string, message: string): void,
 *   format(...values: unknown[]): string,
 *   pool(): Promise<any>,
 * }} backend `call` rejects with `{payload}` as the host does
 */
export function makeApi(backend) {
  async function call(name, ...args) {
    try {
      return await backend.call(name, args)
    } catch (error) {
      throw fromHost(error)
    }
  }

  const whatsapp = {
    async sendText(to, body, options) { return call('whatsapp.send-text', textMessage(to, body, options)) },
    async sendButtons(to, message) { return call('whatsapp.send-buttons', buttonsMessage(to, message)) },
    async sendList(to, message) { return call('whatsapp.send-list', listMessage(to, message)) },
    async sendMedia(to, message) { return call('whatsapp.send-media', mediaMessage(to, message)) },
    async sendTemplate(to, message) { return call('whatsapp.send-template', templateMessage(to, message)) },
    async markRead(messageId) { return call('whatsapp.mark-read', messageId) },
    async showTyping(messageId) { return call('whatsapp.show-typing', messageId) },
    async request(method, path, body) {
      const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
      const answer = await call('whatsapp.request', { method: method.toUpperCase(), path: path.replace(/^\//, ''), body: text })
      return { status: answer.status, body: parsed(answer.body) }
    },
  }

  const conversations = {
    async get(contact) { return call('conversations.get', contact) },
    async setState(contact, state) { return call('conversations.set-state', contact, state) },
    async clearState(contact) { return call('conversations.clear-state', contact) },
  }

  const secrets = {
    async get(name) { return call('secrets.get', name) },
    async names() { return call('secrets.names') },
  }

  const log = Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, (...values) => {
    backend.log(level, backend.format(...values))
  }]))

  const database = {
    async query(sql, parameters) {
      return asRoostError(async () => (await backend.pool()).query(sql, parameters))
    },

    async transaction(work, { isolation, readOnly } = {}) {
      const client = await asRoostError(async () => (await backend.pool()).connect())
      const transaction = { query: (sql, parameters) => asRoostError(() => client.query(sql, parameters)) }
      const modes = [isolation && `ISOLATION LEVEL ${isolation.replace('-', ' ')}`, readOnly && 'READ ONLY'].filter(Boolean).join(' ')
      try {
        await transaction.query(`BEGIN ${modes}`.trim())
        const result = await work(transaction)
        const { command } = await transaction.query('COMMIT')
        // A statement failed before, and the work went on as if it had not.
        if (command === 'ROLLBACK') throw new RoostError('sql', 'the transaction was rolled back, because a statement in it had failed', { sqlstate: '25P02' })
        return result
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {})
        throw error
      } finally {
        client.release()
      }
    },
  }

  return { whatsapp, conversations, secrets, log, database, RoostError }
}

function parsed(text) {
  if (text === '' || text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** SQLSTATEs that stand for cases of the host's own. */
const CASES = { '42501': 'denied', '57014': 'timeout', '54000': 'too-large' }

async function asRoostError(work) {
  try {
    return await work()
  } catch (error) {
    if (error?.payload) throw fromHost(error)
    if (error?.code === 'ECONNREFUSED') throw new RoostError('unavailable', error.message, {}, error)
    if (typeof error?.code !== 'string' || !/^[0-9A-Z]{5}$/.test(error.code)) throw error
    const { detail, hint, table, column, constraint, position } = error
    throw new RoostError(CASES[error.code] ?? 'sql', error.message, { sqlstate: error.code, detail, hint, table, column, constraint, position }, error)
  }
}
