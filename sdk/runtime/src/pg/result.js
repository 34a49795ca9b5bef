/** Values and results between the host's typed form and what `pg` gives. */
import types from 'pg-types'
import { prepareValue } from 'pg/lib/utils.js'
import { Buffer } from '../node/buffer.js'

const BYTEA = 17
const COUNTED = /^(SELECT|INSERT|UPDATE|DELETE|MERGE|MOVE|FETCH|COPY)\b/
const defaultBytea = types.getTypeParser(BYTEA, 'text')

/** A parameter, made to text by pg's own rules: the statement decides its type, as with a quoted literal. */
export function toHost(value) {
  const prepared = prepareValue(value)
  if (prepared === null || prepared === undefined) return { tag: 'null' }
  if (prepared instanceof Uint8Array) return { tag: 'binary', val: prepared }
  return { tag: 'text', val: String(prepared) }
}

/** pg's text parsers are what people replace, so every value goes through one. */
function fromHost(value, parse) {
  const { tag, val } = value
  switch (tag) {
    case 'null': return null
    case 'boolean': return parse(val ? 't' : 'f')
    case 'int64': return parse(String(val))
    case 'float64': return parse(floatText(val))
    case 'binary':
      return parse === defaultBytea ? Buffer.from(val.buffer, val.byteOffset, val.byteLength) : parse(`\\x${Buffer.from(val).toString('hex')}`)
    case 'typed': return parse(val.text)
    default: return parse(val)
  }
}

function floatText(value) {
  return Object.is(value, -0) ? '-0' : String(value)
}

export class Result {
  constructor(rowMode, overrides) {
    this.command = null
    this.rowCount = null
    this.oid = null
    this.rows = []
    this.fields = []
    this._parsers = undefined
    this._types = overrides
    this.RowCtor = null
    this.rowAsArray = rowMode === 'array'
  }

  static of({ columns, rows, command, affected }, { rowMode, overrides }) {
    const result = new Result(rowMode, overrides)
    const parsers = columns.map(({ typeOid }) => overrides.getTypeParser(typeOid, 'text'))
    result.command = command.split(' ')[0]
    if (COUNTED.test(command)) result.rowCount = Number(affected)
    if (result.command === 'INSERT') result.oid = 0
    result.fields = columns.map(({ name, typeOid }) => ({
      name, tableID: 0, columnID: 0, dataTypeID: typeOid, dataTypeSize: -1, dataTypeModifier: -1, format: 'text',
    }))
    result._parsers = parsers
    result.rows = rows.map((row) => (rowMode === 'array'
      ? row.map((value, i) => fromHost(value, parsers[i]))
      : object(row, columns, parsers)))
    return result
  }

  static ofCommand(command) {
    const result = new Result()
    result.command = command
    return result
  }
}

function object(row, columns, parsers) {
  const made = {}
  for (let i = 0; i < row.length; i++) made[columns[i].name] = fromHost(row[i], parsers[i])
  return made
}
