/** Whether a certificate is for a host, an address or a mailbox, as OpenSSL sees it (RFC 6125, RFC 5280). */
import { asBuffer } from './keys.js'
import { GENERAL, generalKind, partsOf } from './x509_names.js'

const EMAIL_ADDRESS = '1.2.840.113549.1.9.1'
const COMMON_NAME = '2.5.4.3'

const texts = (names, kind) => names.filter((name) => generalKind(name) === kind).map(({ content }) => asBuffer(content).toString('latin1'))
const ofSubject = (subject, wanted) => partsOf(subject).flat().filter(({ oid }) => oid === wanted).map(({ text }) => text)

/** A host's name against a pattern whose first label may have an asterisk. */
function fitsPattern(pattern, host, { wildcards, partialWildcards, multiLabelWildcards, singleLabelSubdomains }) {
  const [p, h] = [pattern.toLowerCase(), host.toLowerCase()]
  // A leading dot asks for any name below.
  if (h.startsWith('.')) {
    if (!p.endsWith(h)) return false
    const below = p.slice(0, p.length - h.length)
    return below !== '' && (!singleLabelSubdomains || !below.includes('.'))
  }
  if (p === h) return true
  const star = p.indexOf('*')
  const dot = p.indexOf('.')
  if (!wildcards || star === -1 || p.indexOf('*', star + 1) !== -1 || dot < star) return false
  const rest = p.slice(dot)
  if (rest.indexOf('.', 1) === -1 || !/^[a-z0-9.-]+$/.test(rest) || /\.\.|-\.|\.-|\.$/.test(rest)) return false
  const [before, after] = [p.slice(0, star), p.slice(star + 1, dot)]
  if ((before !== '' || after !== '') && !partialWildcards) return false
  if (before.includes('xn--') || (before + after !== '' && h.startsWith('xn--'))) return false
  if (!h.startsWith(before) || !h.endsWith(after + rest)) return false
  const middle = h.slice(before.length, h.length - after.length - rest.length)
  if (h.length < before.length + after.length + rest.length) return false
  if (before === '' && after === '' && middle === '') return false
  return multiLabelWildcards && before === '' && after === '' ? /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(middle) : /^[a-z0-9-]*$/.test(middle)
}

/** The name in the certificate that a host's name fits, or undefined. */
export function hostIn({ subject, alternatives }, host, options) {
  const names = texts(alternatives, GENERAL.dns)
  const isLeftToSubject = options.subject === 'always' || (options.subject === 'default' && names.length === 0)
  return [...names, ...(isLeftToSubject ? ofSubject(subject, COMMON_NAME) : [])].find((pattern) => fitsPattern(pattern, host, options))
}

/** Of a mailbox's name the domain alone is without regard to case. */
function sameMailbox(a, b) {
  const [x, y] = [a.lastIndexOf('@'), b.lastIndexOf('@')]
  return x === y && a.slice(0, x + 1) === b.slice(0, y + 1) && a.slice(x + 1).toLowerCase() === b.slice(y + 1).toLowerCase()
}

export function emailIn({ subject, alternatives }, email, options) {
  const names = texts(alternatives, GENERAL.email)
  const isLeftToSubject = options.subject === 'always' || (options.subject === 'default' && names.length === 0)
  return [...names, ...(isLeftToSubject ? ofSubject(subject, EMAIL_ADDRESS) : [])].some((name) => sameMailbox(name, email))
}

/** The bytes of an address; undefined for what is none. */
function addressBytes(text) {
  const four = (part) => (/^(\d{1,3})(\.\d{1,3}){3}$/.test(part) && part.split('.').every((one) => Number(one) < 256) ? part.split('.').map(Number) : undefined)
  if (!text.includes(':')) return four(text)
  const last = text.slice(text.lastIndexOf(':') + 1)
  const tail = last.includes('.') ? four(last) : []
  if (tail === undefined) return undefined
  const groups = (tail.length > 0 ? text.slice(0, text.lastIndexOf(':') + 1).replace(/([^:]):$/, '$1') : text).split('::')
  if (groups.length > 2) return undefined
  const parts = groups.map((half) => (half === '' ? [] : half.split(':')))
  if (parts.flat().some((one) => !/^[0-9a-f]{1,4}$/i.test(one))) return undefined
  const missing = 8 - tail.length / 2 - parts.flat().length
  if (groups.length === 1 ? missing !== 0 : missing < 1) return undefined
  const filled = [...parts[0], ...Array(groups.length === 1 ? 0 : missing).fill('0'), ...(parts[1] ?? [])]
  return [...filled.flatMap((one) => [parseInt(one, 16) >> 8, parseInt(one, 16) & 255]), ...tail]
}

export function addressIn({ alternatives }, text) {
  const wanted = addressBytes(text)
  if (wanted === undefined) return undefined
  return alternatives.some((name) => generalKind(name) === GENERAL.ip && name.content.join() === wanted.join())
}
