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
