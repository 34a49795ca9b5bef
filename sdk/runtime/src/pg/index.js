/** `pg`: the interface of node-postgres over the project's own schema. */
import defaults from 'pg/lib/defaults.js'
import TypeOverrides from 'pg/lib/type-overrides.js'
import { escapeIdentifier, escapeLiteral } from 'pg/lib/utils.js'
import types from 'pg-types'
import { unavailable } from '../errors.js'
import { Client, Query } from './client.js'
import { DatabaseError } from './errors.js'
import { Pool as BasePool } from './pool.js'
import { Result } from './result.js'

/** Called with `new` or without, as pg's own. */
function Pool(options, ClientClass) {
  return Reflect.construct(BasePool, [options, ClientClass], new.target ?? Pool)
}
Pool.prototype = BasePool.prototype
Object.setPrototypeOf(Pool, BasePool)
Pool.Pool = Pool

class Connection {
  constructor() { throw unavailable('pg.Connection', 'Use pg.Client or pg.Pool.') }
}

const pg = { Client, Pool, Query, Connection, DatabaseError, Result, TypeOverrides, defaults, types, escapeIdentifier, escapeLiteral }
// There is no libpq; programs that ask for it fall back to the above.
Object.defineProperty(pg, 'native', { value: null, enumerable: false })

export default pg
