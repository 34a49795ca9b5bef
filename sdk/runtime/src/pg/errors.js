/** The host's errors as `pg` reports them. */

/** Its name is `error`, as with pg. */
export class DatabaseError extends Error {
  constructor(message, length = 0, name = 'error') {
    super(message)
    this.length = length
    this.name = name
  }
}

const FIELDS = ['detail', 'hint', 'table', 'column', 'constraint']

/** @param {unknown} error what the host call rejected with */
export function databaseError(error, site) {
  const payload = error?.payload
  if (payload === undefined) return error
  const made = make(payload)
  if (site?.stack) {
    const frames = site.stack.slice(site.stack.indexOf('\n    at '))
    Object.defineProperty(made, 'stack', { value: `${made.name}: ${made.message}${frames}`, writable: true, configurable: true })
  }
  return made
}

function make({ tag, val }) {
  switch (tag) {
    case 'sql': {
      const made = new DatabaseError(val.message, val.message.length)
      Object.assign(made, { severity: val.severity, code: val.sqlstate, position: val.position?.toString(), dataType: val.dataType })
      for (const name of FIELDS) made[name] = val[name]
      for (const name of ['internalPosition', 'internalQuery', 'where', 'schema', 'file', 'line', 'routine']) made[name] = undefined
      return made
    }
    case 'denied': return sqlError('42501', val)
    case 'timeout': return sqlError('57014', 'canceling statement due to statement timeout')
    case 'too-large': return sqlError('54000', val)
    case 'unavailable':
      return Object.assign(new Error(`the database cannot be reached: ${val}`), { code: 'ECONNREFUSED', errno: -111, syscall: 'connect' })
    default: return sqlError('XX000', String(val ?? tag))
  }
}

function sqlError(code, message) {
  return Object.assign(new DatabaseError(message, message.length), { severity: 'ERROR', code })
}
