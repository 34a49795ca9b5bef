/**
 * `roost:bot/key-derivation` by Node's own: what the host does, for tests without a host. Node has no bcrypt and no
 * Argon2: of these it knows some hashes that others made.
 */
import crypto from 'node:crypto'

/** What an event may take here. */
const MEMORY = 128 << 20

/** By password, salt in hex and cost. */
const BCRYPT = {
  '|144b3d691a7b4ecf39cf735c7fa7a79c|6': '557e94f34bf286e8719a26be94ac1e16d95ef9f819dee0',
  'a|a3612d8c9a37dac2f99d94da03bd4521|6': 'e6d53831f82060dc08a2e8489ce850ce48fbf976978738',
  'abcdefghijklmnopqrstuvwxyz|715b96caed2ac92c354ed16c1e19e38a|8': '98bf9ffc1f5be485f959e8b1d526392fbd4ed2d5719f50',
}

/** By password, salt and settings. */
const ARGON2 = { 'password|somesaltsomesalt|id|19|64|2|1||': '1a98fba8e6394425c9bdc333a9c750aaf811df070f5fb4a5788e1cf4db5793a1' }

const hex = (bytes) => Buffer.from(bytes).toString('hex')
const text = (bytes) => Buffer.from(bytes ?? []).toString()
const other = (given) => crypto.createHash('sha256').update(given).digest('hex')

/** @param {(bytes: Uint8Array) => Uint8Array} bytes makes an array of the bot's realm */
export function keyDerivation(bytes) {
  const refused = (tag, needs, left) => { throw { payload: { tag, val: { needs: BigInt(needs), left: BigInt(left) } } } }
  const functions = {
    pbkdf2: (digest, password, salt, iterations, length) => crypto.pbkdf2Sync(password, salt, iterations, length, digest),
    scrypt(password, salt, { n, r, p }, length) {
      const needs = 128 * r * (n + p + 1)
      if (needs > MEMORY) refused('memory', needs, MEMORY)
      return crypto.scryptSync(password, salt, length, { N: n, r, p, maxmem: 2 * MEMORY })
    },
    bcrypt(password, salt, cost) {
      if (cost > 16) refused('time', 40 << (cost - 10), 5000)
      const given = `${text(password)}|${hex(salt)}|${cost}`
      return Buffer.from(BCRYPT[given] ?? other(given), 'hex').subarray(0, 23)
    },
    argon2(password, salt, { kind, version, memory, passes, lanes, secret, data }, length) {
      if (memory < 8 * lanes) throw { payload: { tag: 'parameters', val: 'memory cost is too small' } }
      const given = [text(password), text(salt), kind, version, memory, passes, lanes, text(secret), text(data)].join('|')
      return Buffer.from(ARGON2[given] ?? other(given), 'hex').subarray(0, length)
    },
  }
  const named = Object.entries(functions).flatMap(([name, derive]) => {
    const given = (...args) => bytes(derive(...args))
    return [[`key-derivation.${name}`, given], [`key-derivation.${name}-now`, given]]
  })
  return {
    ...Object.fromEntries(named),
    'key-derivation.hkdf': (digest, key, salt, info, length) => bytes(new Uint8Array(crypto.hkdfSync(digest, key, salt, info, length))),
  }
}
