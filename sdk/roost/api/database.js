/** The project's schema in Postgres. */
import { RoostError, fromHost } from '../error.js'

export function makeDatabase(backend) {
  return {
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
