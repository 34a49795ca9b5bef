/** Reads SQL as far as telling its statements apart needs. */

/** Splits a text into statements, without the semicolons and without empty ones. */
export function splitStatements(text) {
  const statements = []
  let start = 0
  let code = false
  for (let i = 0; i < text.length;) {
    const next = skip(text, i)
    if (next > i) {
      // A comment is no statement, but a quoted text is part of one.
      if (!isComment(text, i)) code = true
      i = next
      continue
    }
    if (text[i] === ';') {
      if (code) statements.push(text.slice(start, i).trim())
      start = i + 1
      code = false
    } else if (!/\s/.test(text[i])) {
      code = true
    }
    i++
  }
  if (code) statements.push(text.slice(start).trim())
  return statements
}

const isComment = (text, i) => text.startsWith('--', i) || text.startsWith('/*', i)

/** Where the quoted text or comment that begins at `i` ends; `i` itself when none does. */
function skip(text, i) {
  switch (text[i]) {
    case "'": return quoted(text, i, "'", isEscapeString(text, i))
    case '"': return quoted(text, i, '"', false)
    case '$': return dollarQuoted(text, i)
    case '-': return text[i + 1] === '-' ? lineEnd(text, i) : i
    case '/': return text[i + 1] === '*' ? commentEnd(text, i) : i
    default: return i
  }
}

/** `E'…'`, where a backslash escapes; the letter must not end a longer word. */
function isEscapeString(text, i) {
  return /e/i.test(text[i - 1] ?? '') && !/[\w$\u0080-\uffff]/.test(text[i - 2] ?? ' ')
}

function quoted(text, i, mark, escapes) {
  for (let j = i + 1; j < text.length; j++) {
    if (escapes && text[j] === '\\') j++
    else if (text[j] === mark) {
      if (text[j + 1] !== mark) return j + 1
      j++
    }
  }
  return text.length
}

/** `$$…$$` and `$tag$…$tag$`; not `$1`, and not a dollar inside a name. */
function dollarQuoted(text, i) {
  if (/[\w$\u0080-\uffff]/.test(text[i - 1] ?? ' ')) return i
  const tag = /^\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(text.slice(i, i + 66))?.[0]
  if (!tag) return i
  const end = text.indexOf(tag, i + tag.length)
  return end < 0 ? text.length : end + tag.length
}

function lineEnd(text, i) {
  const end = text.indexOf('\n', i)
  return end < 0 ? text.length : end + 1
}

/** Comments nest in Postgres. */
function commentEnd(text, i) {
  let depth = 0
  for (let j = i; j < text.length; j++) {
    if (text.startsWith('/*', j)) {
      depth++
      j++
    } else if (text.startsWith('*/', j)) {
      depth--
      j++
      if (depth === 0) return j + 1
    }
  }
  return text.length
}

/** The words of a statement without comments, in upper case, as far as the first thing that is no word. */
function leadingWords(statement) {
  let i = 0
  const words = []
  while (i < statement.length && words.length < 16) {
    if (isComment(statement, i)) {
      i = skip(statement, i)
      continue
    }
    const match = /^(?:\s+|,)/.exec(statement.slice(i, i + 200))
    if (match) {
      i += match[0].length
      continue
    }
    const word = /^[A-Za-z_]+/.exec(statement.slice(i, i + 64))
    if (!word) break
    words.push(word[0].toUpperCase())
    i += word[0].length
  }
  return words
}

const STARTS = /^(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SET|SAVEPOINT|RELEASE)$/

/**
 * What a statement does to the transaction it is in.
 *
 * @returns {{kind: 'begin' | 'set', options: object} | {kind: 'commit' | 'rollback', chain: boolean} | {kind: 'rollback-to'} | undefined}
 */
export function transactionCommand(statement) {
  const words = leadingWords(statement)
  if (!STARTS.test(words[0] ?? '')) return undefined
  const text = words.join(' ')
  if (words[0] === 'BEGIN' || text.startsWith('START TRANSACTION')) return { kind: 'begin', options: modes(text) }
  if (text.startsWith('SET TRANSACTION') && !text.startsWith('SET TRANSACTION SNAPSHOT')) return { kind: 'set', options: modes(text) }
  if (/^(COMMIT|END|ROLLBACK|ABORT)( WORK| TRANSACTION)? TO\b/.test(text)) return { kind: 'rollback-to' }
  if (/PREPARED/.test(text)) return undefined
  const chain = / AND CHAIN\b/.test(text) && !/ AND NO CHAIN\b/.test(text)
  if (/^(COMMIT|END)\b/.test(text)) return { kind: 'commit', chain }
  if (/^(ROLLBACK|ABORT)\b/.test(text)) return { kind: 'rollback', chain }
  return undefined
}

function modes(text) {
  const level = /ISOLATION LEVEL (SERIALIZABLE|REPEATABLE READ|READ COMMITTED|READ UNCOMMITTED)/.exec(text)?.[1]
  const options = {}
  if (level) options.isolation = level === 'READ UNCOMMITTED' ? 'read-committed' : level.toLowerCase().replace(' ', '-')
  if (/\bREAD ONLY\b/.test(text)) options.readOnly = true
  if (/\bREAD WRITE\b/.test(text)) options.readOnly = false
  return options
}

/** What `migrations/cell/catalog.sql` has: a bot's own part of Postgres's catalogs, and of the functions that tell of them. */
const CATALOGS = new Set(('pg_am pg_attrdef pg_attribute pg_class pg_collation pg_constraint pg_database pg_depend pg_description ' +
  'pg_enum pg_extension pg_index pg_indexes pg_inherits pg_language pg_matviews pg_namespace pg_opclass pg_operator pg_proc ' +
  'pg_range pg_roles pg_sequence pg_stat_all_tables pg_stat_user_tables pg_statio_all_tables pg_statio_user_tables pg_tables pg_trigger pg_type pg_views').split(' '))
const ABOUT = new Set('col_description format_type has_schema_privilege obj_description pg_get_constraintdef pg_get_expr pg_get_indexdef pg_get_userbyid pg_get_viewdef'.split(' '))

/**
 * Has a statement ask the bot's own catalogs where it asks Postgres's, which hold everybody's.
 *
 * ORMs call the schema of an application `public`; here it has the project's name. So `public.orders`
 * is `orders`, and what looks for `'public'` in a catalog looks for the session's own schema.
 */
export function ownCatalogs(text) {
  if (!/pg_|_description|format_type|_privilege|information_schema|\bpublic\b/i.test(text)) return text
  const own = inOrder(withOwn(text, false))
  const asks = /^[\s(]*(?:SELECT|WITH)\b/i.test(text) && (own.includes('catalog.') || /\binformation_schema\b/i.test(text))
  return asks && text.includes("'public'") ? inOrder(withOwn(text, true)) : own
}

/** The labels of an enum lie in Postgres's own catalog as they were declared, and who asks for no order counts on it. */
const inOrder = (text) => text.includes('catalog.pg_enum')
  ? text.replace(/\barray_agg\(\s*((?:"?\w+"?\.)?)("?)enumlabel\2\s*\)/gi, 'array_agg($1enumlabel order by $1enumsortorder)')
  : text

function withOwn(text, asks) {
  let own = ''
  let before = ''
  for (let i = 0; i < text.length;) {
    const name = nameAt(text, i)
    if (name) {
      const { end } = name
      if (name.text === 'pg_catalog' && before !== '.') {
        const dot = /^\s*\.\s*/.exec(text.slice(end, end + 64))
        const member = dot && nameAt(text, end + dot[0].length)
        if (member && isOwn(member, text)) {
          own += `catalog.${member.text}`
          before = member.text
          i = member.end
          continue
        }
      }
      if (name.text === 'public' && before !== '.') {
        const dot = /^\s*\.\s*/.exec(text.slice(end, end + 64))
        if (dot && nameAt(text, end + dot[0].length)) {
          i = end + dot[0].length
          continue
        }
      }
      const isName = before === '.' || before === 'as' || CATALOGS.has(before)
      own += !isName && isOwn(name, text) ? `catalog.${name.text}` : text.slice(i, end)
      before = name.text
      i = end
      continue
    }
    const next = Math.max(skip(text, i), i + 1)
    const part = text.slice(i, next)
    own += asks && part === "'public'" ? 'current_schema()' : part
    if (!isComment(text, i) && !/^\s/.test(part)) before = part
    i = next
  }
  return own
}

const isOwn = ({ text: name, end }, text) => CATALOGS.has(name) || (ABOUT.has(name) && /^\s*\(/.test(text.slice(end, end + 64)))

/** The name that begins at `i`, as Postgres would look it up; not a part of one, and no prefix of a string. */
function nameAt(text, i) {
  if (text[i] === '"') {
    const end = skip(text, i)
    return { text: text.slice(i + 1, end - 1).replaceAll('""', '"'), end }
  }
  const word = /^[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/.exec(text.slice(i, i + 130))?.[0]
  if (!word || /[\w$]/.test(text[i - 1] ?? ' ')) return undefined
  return { text: word.toLowerCase(), end: i + word.length }
}

/**
 * What `DO $$ BEGIN …; EXCEPTION WHEN duplicate_object THEN null; END $$` does: a statement whose object may
 * be there. ORMs make types and constraints so, for which Postgres has no `IF NOT EXISTS`.
 *
 * @returns {{statement: string, codes: string[]} | undefined} the statement, and the errors that mean nothing
 */
export function guardedStatement(text) {
  const block = /^\s*DO\s+(?:LANGUAGE\s+plpgsql\s+)?(?:'((?:[^']|'')*)'|(\$\w*\$)([\s\S]*)\2)\s*(?:LANGUAGE\s+plpgsql\s*)?$/i.exec(text)
  if (!block) return undefined
  const body = block[1] === undefined ? block[3] : block[1].replaceAll("''", "'")
  const inner = /^\s*BEGIN\s+([\s\S]+?);\s*EXCEPTION\s+WHEN\s+([a-z_]+(?:\s+OR\s+[a-z_]+)*)\s+THEN\s+null\s*;\s*END\s*;?\s*$/i.exec(body)
  const codes = inner?.[2].toLowerCase().split(/\s+or\s+/).map((name) => DUPLICATES[name])
  if (!codes?.every(Boolean) || splitStatements(inner[1]).length !== 1) return undefined
  if (!/^\s*(CREATE|ALTER|DROP)\b/i.test(inner[1])) return undefined
  return { statement: inner[1].trim(), codes }
}

const DUPLICATES = {
  duplicate_object: '42710', duplicate_table: '42P07', duplicate_column: '42701', undefined_object: '42704', undefined_table: '42P01',
  invalid_table_definition: '42P16', unique_violation: '23505',
}

/** Settings of a session that hold already, or that change nothing of what a query gives; the pattern is of their values. */
const HELD = {
  application_name: /./, bytea_output: /^hex$/i, client_encoding: /^(utf-?8|unicode)$/i, client_min_messages: /./,
  datestyle: /^iso\b/i, default_transaction_isolation: /^read committed$/i, extra_float_digits: /^[0-3]$/,
  idle_in_transaction_session_timeout: /./, intervalstyle: /^postgres$/i, lock_timeout: /./,
  search_path: /^("?\$user"?|"?public"?)(\s*,\s*("?\$user"?|"?public"?))*$/i, standard_conforming_strings: /^(on|true|1)$/i,
  statement_timeout: /./, timezone: /./,
}

/** What SHOW calls those whose name is not all small. */
const SHOWN = { timezone: 'TimeZone', datestyle: 'DateStyle', intervalstyle: 'IntervalStyle' }

const UTC = /^(utc|gmt|z|etc\/utc|[+-]?0+(:0+)?(:0+)?)$/i

/**
 * What a statement does with the session's settings, which are the same for all bots.
 *
 * @returns {{set: string, isOther: boolean} | {show: string, column: string} | undefined} `isOther`: the value is another than the one that holds
 */
export function settingCommand(statement) {
  const shown = /^\s*SHOW\s+(?:(TIME\s+ZONE)|"?([a-z_.]+)"?)\s*$/i.exec(statement)
  if (shown) {
    const show = shown[1] ? 'timezone' : shown[2].toLowerCase()
    return show === 'all' ? undefined : { show, column: SHOWN[show] ?? show }
  }
  const zone = /^\s*SET\s+(?:SESSION\s+|LOCAL\s+)?TIME\s+ZONE\s+(?:INTERVAL\s+)?(.+?)(?:\s+HOUR\s+TO\s+MINUTE)?\s*$/is.exec(statement)
  const other = /^\s*SET\s+(?:SESSION\s+|LOCAL\s+)?"?([a-z_]+)"?\s*(?:=|\s+TO\s)\s*(.+?)\s*$/is.exec(statement)
  if (!zone && !other) return undefined
  const set = zone ? 'timezone' : other[1].toLowerCase()
  const written = zone ? zone[1] : other[2]
  const value = /^'([^']*)'$/.exec(written)?.[1] ?? written
  if (!Object.hasOwn(HELD, set) || !HELD[set].test(value)) return undefined
  return { set, isOther: set === 'timezone' && !UTC.test(value) && !/^(local|default)$/i.test(value) }
}
