/** `roost:bot/ciphers` by Node's own: what the host does, for tests without a host. */
import crypto from 'node:crypto'

const FAULTS = { ERR_OSSL_BAD_DECRYPT: 'padding', ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH: 'block-length' }
const TAG = 16

/**
 * The host functions, and how many ciphers are open.
 *
 * @param {(bytes: Uint8Array) => Uint8Array} bytes makes an array of the bot's realm
 */
export function ciphers(bytes) {
  const all = new Map()
  let next = 1
  const hasTag = (name) => name.endsWith('gcm') || name === 'chacha20-poly1305'
  const functions = {
    'ciphers.[static]cipher.open': ({ algorithm, direction, key, iv }) => {
      const make = direction === 'encrypt' ? crypto.createCipheriv : crypto.createDecipheriv
      // Where the tag is shorter than usual Node wants to know it first.
      const open = (length) => make(algorithm, key, iv, hasTag(algorithm) ? { authTagLength: length } : undefined)
      all.set(next, { cipher: open(TAG), open, algorithm, direction, given: [] })
      return next++
    },
    'ciphers.[method]cipher.set-padding': (id, pads) => { all.get(id).cipher.setAutoPadding(pads) },
    'ciphers.[method]cipher.authenticate': (id, data) => {
      all.get(id).given.push(['setAAD', data.slice()])
      all.get(id).cipher.setAAD(data)
    },
    'ciphers.[method]cipher.update': (id, data) => {
      all.get(id).given.push(['update', data.slice()])
      return bytes(all.get(id).cipher.update(data))
    },
    'ciphers.[method]cipher.finish': (id, tag) => {
      const one = all.get(id)
      if (tag) {
        if (tag.length !== TAG) {
          one.cipher = one.open(tag.length)
          for (const [method, data] of one.given) one.cipher[method](data)
        }
        one.cipher.setAuthTag(tag)
      }
      try {
        const output = bytes(one.cipher.final())
        return { output, tag: bytes(one.direction === 'encrypt' && hasTag(one.algorithm) ? one.cipher.getAuthTag() : []) }
      } catch (error) {
        throw { payload: { tag: FAULTS[error.code] ?? 'not-authentic' } }
      }
    },
    'ciphers.[drop]cipher': (id) => { all.delete(id) },
  }
  return { functions, openCiphers: () => all.size }
}
