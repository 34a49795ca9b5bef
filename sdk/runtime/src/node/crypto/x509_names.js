/** Names in certificates, and their texts as OpenSSL and Node write them. */
import { asBuffer } from './keys.js'
import { TAGS, Node, oidOf, stringOf } from './asn1.js'

/** OpenSSL's short names. */
const SHORT = {
  '2.5.4.3': 'CN', '2.5.4.4': 'SN', '2.5.4.5': 'serialNumber', '2.5.4.6': 'C', '2.5.4.7': 'L', '2.5.4.8': 'ST', '2.5.4.9': 'street', '2.5.4.10': 'O', '2.5.4.11': 'OU',
  '2.5.4.12': 'title', '2.5.4.13': 'description', '2.5.4.15': 'businessCategory', '2.5.4.17': 'postalCode', '2.5.4.41': 'name', '2.5.4.42': 'GN', '2.5.4.43': 'initials',
  '2.5.4.44': 'generationQualifier', '2.5.4.46': 'dnQualifier', '2.5.4.65': 'pseudonym', '2.5.4.97': 'organizationIdentifier', '1.2.840.113549.1.9.1': 'emailAddress',
  '1.2.840.113549.1.9.2': 'unstructuredName', '0.9.2342.19200300.100.1.25': 'DC', '0.9.2342.19200300.100.1.1': 'UID', '1.3.6.1.4.1.311.60.2.1.1': 'jurisdictionL',
  '1.3.6.1.4.1.311.60.2.1.2': 'jurisdictionST', '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionC',
}

/** The attributes of a name, those of one part together: `[[{name, text}], …]`. */
export function partsOf(name) {
  return name.children.map((part) => part.children.map((attribute) => {
    const oid = oidOf(attribute.child(0))
    const value = attribute.child(1)
    return { oid, name: SHORT[oid] ?? oid, text: stringOf(value) ?? `#${asBuffer(value.whole).toString('hex').toUpperCase()}` }
  }))
}

/** RFC 2253, with control characters as numbers if wanted. */
function escaped(text, escapesControls) {
  const inner = text.replace(/[,+"\\<>;]/g, '\\$&').replace(/^[# ]/, '\\$&').replace(/(?<!^) $/, '\\ ')
  // eslint-disable-next-line no-control-regex
  return escapesControls ? inner.replace(/[\x00-\x1f\x7f]/g, (char) => `\\${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`) : inner
}

/** A name with a line for each part. */
export function nameText(name) {
  return partsOf(name).map((part) => part.map(({ name: key, text }) => `${key}=${escaped(text, true)}`).join(' + ')).join('\n')
}

/** A name on one line, the last part first. */
function directoryText(name) {
  return partsOf(name).reverse().map((part) => part.map(({ name: key, text }) => `${key}=${escaped(text, false)}`).reverse().join('+')).join(',')
}

/** A name as an object, as it is in what TLS gives. */
export function nameObject(name) {
  const object = { __proto__: null }
  for (const { name: key, text } of partsOf(name).flat()) {
    if (object[key] === undefined) object[key] = text
    else if (Array.isArray(object[key])) object[key].push(text)
    else object[key] = [object[key], text]
  }
  return object
}

/** What two names that are the same have in common. */
export function canonical(name) {
  return JSON.stringify(partsOf(name).map((part) => part.map(({ oid, text }) => [oid, text.trim().replace(/\s+/g, ' ').toLowerCase()]).sort()))
}

/** A name's text in a list: as JSON where it could be mistaken for more than one. */
function inList(text, isUnicode, prefix = '') {
  // eslint-disable-next-line no-control-regex
  const isSafe = isUnicode ? !/["\\,'\x00-\x1f\x7f]/.test(text) : /^[ -~]*$/.test(text) && !/["\\,']/.test(text)
  if (isSafe) return `${prefix}${text}`
  const told = [...text].map((char) => {
    if (char === '\\' || char === '"') return `\\${char}`
    if ((char >= ' ' && char !== ',' && char <= '~') || (isUnicode && char >= '\x80')) return char
    return `\\u00${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${prefix}${told.join('')}"`
}

const latin1 = ({ content }) => asBuffer(content).toString('latin1')

export function ipText(bytes) {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length === 16) return Array.from({ length: 8 }, (_, i) => (bytes[2 * i] * 256 + bytes[2 * i + 1]).toString(16).toUpperCase()).join(':')
  return '<invalid>'
}

/** By their OIDs: what Node calls the other names that it knows, and whether they are UTF-8. */
const OTHERS = {
  '1.3.6.1.5.5.7.8.9': ['SmtpUTF8Mailbox', true], '1.3.6.1.5.5.7.8.5': ['XmppAddr', true], '1.3.6.1.5.5.7.8.7': ['SRVName', false],
  '1.3.6.1.4.1.311.20.2.3': ['UPN', true], '1.3.6.1.5.5.7.8.8': ['NAIRealm', true],
}

/** What of a general name is its kind. */
export const GENERAL = { other: 0, email: 1, dns: 2, x400: 3, directory: 4, edi: 5, uri: 6, ip: 7, registered: 8 }
export const generalKind = ({ tag }) => tag & 0x1f

export function generalText(name) {
  switch (generalKind(name)) {
    case GENERAL.other: return `othername:${otherText(name)}`
    case GENERAL.email: return `email:${inList(latin1(name), false)}`
    case GENERAL.dns: return `DNS:${inList(latin1(name), false)}`
    case GENERAL.x400: return 'X400Name:<unsupported>'
    case GENERAL.directory: return `DirName:${inList(directoryText(name.child(0)), true)}`
    case GENERAL.edi: return 'EdiPartyName:<unsupported>'
    case GENERAL.uri: return `URI:${inList(latin1(name), false)}`
    case GENERAL.ip: return `IP Address:${ipText(name.content)}`
    case GENERAL.registered: return `Registered ID:${oidOf(name)}`
    default: return '<unsupported>'
  }
}

function otherText(name) {
  const [prefix, isUnicode] = OTHERS[oidOf(name.child(0))] ?? []
  const value = name.children[1]?.children[0]
  const fits = value instanceof Node && value.tag === (isUnicode ? TAGS.utf8 : 22)
  if (prefix === undefined || !fits) return '<unsupported>'
  return inList(stringOf(value), isUnicode, `${prefix}:`)
}
