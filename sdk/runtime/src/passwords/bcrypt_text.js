/** bcrypt's hashes as text, `$2b$10$` with salt and hash behind it. The host does the work (`wit/key-derivation.wit`). */
import { Buffer } from '../node/buffer.js'
import { derive, deriveNow } from '../node/crypto/derivation.js'
import { fillRandom } from '../random.js'

const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]))

const SALT = 16
/** What of a password counts. */
const COUNTS = 72
const [LEAST, MOST] = [4, 31]

/** Base64 with an alphabet and an order of its own, without padding. */
export function encode(bytes) {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const characters = Math.min(3, bytes.length - i) + 1
    for (let j = 0; j < characters; j++) text += ALPHABET[(group >> (18 - 6 * j)) & 63]
  }
  return text
}

/** As many bytes as there are, at most `length`. */
export function decode(text, length) {
  const bytes = []
  let [bits, group] = [0, 0]
  for (const character of text) {
    const value = VALUES.get(character)
    if (value === undefined || bytes.length === length) break
    group = (group << 6) | value
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes.push((group >> bits) & 255)
    group &= (1 << bits) - 1
  }
  return bytes
}

const twoDigits = (rounds) => String(rounds).padStart(2, '0')

/** A new salt. Rounds out of range become the nearest that are not. */
export function makeSalt(rounds, minor) {
  const bytes = new Uint8Array(SALT)
  fillRandom(bytes)
  return `$2${minor}$${twoDigits(Math.min(Math.max(Math.trunc(rounds), LEAST), MOST))}$${encode(bytes)}`
}

/** What a salt, or the hash that begins with it, says; undefined when it is none. */
export function parse(text) {
  const [, minor, digits, rest] = /^\$2([aby])\$(\d\d)\$(.{22})/.exec(text) ?? []
  const rounds = Number(digits)
  const salt = rest && decode(rest, SALT)
  if (salt?.length !== SALT || rounds < LEAST || rounds > MOST) return undefined
  return { minor, rounds, salt: new Uint8Array(salt) }
}

const args = (password, { salt, rounds }) => [Buffer.from(password).subarray(0, COUNTS), salt, rounds]
const written = ({ minor, rounds, salt }, hash) => `$2${minor}$${twoDigits(rounds)}$${encode(salt)}${encode(hash)}`

/** @param {string | Uint8Array} password */
export const hashNow = (password, parsed) => written(parsed, deriveNow('bcrypt', args(password, parsed)))
export const hash = (password, parsed) => derive('bcrypt', args(password, parsed)).then((made) => written(parsed, made))

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function isSame(one, other) {
  let different = one.length ^ other.length
  for (let i = 0; i < one.length; i++) different |= one.charCodeAt(i) ^ other.charCodeAt(i)
  return different === 0
}
