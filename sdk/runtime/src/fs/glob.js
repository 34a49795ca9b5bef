/** Patterns of paths, as `path.matchesGlob` and `fs.glob` have them: star, `**`, `?`, `[a-z]`, `{a,b}` and `+(a|b)`. */
import { requireString } from '../errors.js'

/** Whether a path fits a pattern; what begins with a dot only fits what names the dot. */
export function matches(path, pattern, windows = false) {
  requireString(path, 'path')
  requireString(pattern, 'pattern')
  const parts = (windows ? path.replaceAll('\\', '/') : path).split('/')
  return alternatives(pattern.replaceAll('\\', '/')).some((one) => fits(parts, one.split('/').map(compiled), false))
}

/** Whether a path may lead to one that fits. */
export function leads(path, pattern) {
  const parts = path.split('/')
  return alternatives(pattern).some((one) => fits(parts, one.split('/').map(compiled), true))
}

/** `a{b,c}d` as `abd` and `acd`; `{1..3}` counts. */
function alternatives(pattern) {
  const open = pattern.indexOf('{')
  if (open < 0) return [pattern]
  let depth = 0
  const cuts = [open]
  for (let i = open; i < pattern.length; i++) {
    if (pattern[i] === '{') depth++
    else if (pattern[i] === ',' && depth === 1) cuts.push(i)
    else if (pattern[i] === '}' && --depth === 0) {
      const before = pattern.slice(0, open)
      const after = alternatives(pattern.slice(i + 1))
      const inner = pattern.slice(open + 1, i)
      const range = /^(-?\d+)\.\.(-?\d+)$/.exec(inner)
      if (cuts.length === 1 && !range) return after.map((rest) => `${before}{${inner}}${rest}`)
      const choices = range ? counted(Number(range[1]), Number(range[2]))
        : [...cuts, i].slice(1).flatMap((end, n) => alternatives(pattern.slice(cuts[n] + 1, end)))
      return choices.flatMap((choice) => after.map((rest) => before + choice + rest))
    }
  }
  return [pattern]
}

function counted(from, to) {
  const step = from <= to ? 1 : -1
  return Array.from({ length: Math.min(Math.abs(to - from) + 1, 1000) }, (_, n) => String(from + n * step))
}

const ANY = Symbol('**')

function compiled(part) {
  if (part === '**') return ANY
  if (!/[*?[\]()!+@]/.test(part)) return part
  const guard = /^[*?[!]/.test(part) ? '(?!\\.)' : ''
  return new RegExp(`^${guard}${expression(part)}$`, 'u')
}

function expression(part) {
  let text = ''
  const closing = []
  for (let i = 0; i < part.length; i++) {
    const c = part[i]
    if (part[i + 1] === '(' && '*?+@!'.includes(c)) {
      // What must not be there is looked for from here to the end of the part.
      text += c === '!' ? '(?:(?!(?:' : '(?:'
      closing.push(c === '!' ? ')$)[^/]*?)' : `)${c === '@' ? '' : c}`)
      i++
    } else if (c === ')' && closing.length > 0) text += closing.pop()
    else if (c === '|' && closing.length > 0) text += '|'
    else if (c === '*') text += '[^/]*?'
    else if (c === '?') text += '[^/]'
    else if (c === '[') {
      const end = part.indexOf(']', i + 2)
      if (end < 0) text += '\\['
      else {
        const inner = part.slice(i + 1, end).replace(/^[!^]/, '\0').replace(/[\\\]^[&~]/g, '\\$&').replace('\0', '^')
        text += `[${inner}]`
        i = end
      }
    } else text += c.replace(/[.+^${}()|[\]\\/]/g, '\\$&')
  }
  return text + closing.reverse().join('')
}

function fits(parts, pattern, isStart) {
  if (pattern.length === 0) return parts.length === 0 || (parts.length === 1 && parts[0] === '')
  const [first, ...rest] = pattern
  if (parts.length === 0) return isStart
  if (first === ANY) {
    if (rest.length === 0 && !isStart) return parts.every((part) => !part.startsWith('.'))
    if (fits(parts, rest, isStart)) return true
    return !parts[0].startsWith('.') && fits(parts.slice(1), pattern, isStart)
  }
  const is = typeof first === 'string' ? first === parts[0] : parts[0] !== '' && first.test(parts[0])
  return is && fits(parts.slice(1), rest, isStart)
}
