/** `roost:bot/digests` by Node's own: what the host does, for tests without a host. A state is all that came so far. */
import { createHash, createHmac } from 'node:crypto'

/**
 * @param {(bytes: Uint8Array) => Uint8Array} bytes makes an array of the bot's realm
 * @param {(digest: Uint8Array, data: Uint8Array) => void} [made] hears of each digest
 */
export function digests(bytes, made = () => {}) {
  const all = (state, data) => Buffer.concat([state ?? Buffer.alloc(0), data])
  return {
    'digests.update': (name, state, data) => bytes(all(state, data)),
    'digests.finish': (name, state, data) => {
      const whole = all(state, data)
      const digest = createHash(name).update(whole).digest()
      made(digest, whole)
      return bytes(digest)
    },
    'digests.extend': (name, state, data, outputLength) => bytes(createHash(name, { outputLength }).update(all(state, data)).digest()),
    'digests.hmac': (name, key, data) => bytes(createHmac(name, key).update(data).digest()),
  }
}
