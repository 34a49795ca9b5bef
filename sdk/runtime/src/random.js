/** Entropy: always the host's, through a small pool that no image carries along. */
import { engine } from './engine.js'
import { phase } from './phase.js'

const POOL = 512
let pool
let used = POOL

/** Fills the array with random bytes. */
export function fillRandom(bytes) {
  if (bytes.length === 0) return
  if (bytes.length > 64) return engine.random(bytes)
  if (used + bytes.length > POOL) {
    pool ??= new Uint8Array(POOL)
    engine.random(pool)
    used = 0
  }
  bytes.set(pool.subarray(used, used + bytes.length))
  // What was given out must not lie about in memory.
  pool.fill(0, used, used + bytes.length)
  used += bytes.length
}

/** A number from 0 up to 1, with 53 random bits. */
export function random() {
  if (used + 8 > POOL) {
    pool ??= new Uint8Array(POOL)
    engine.random(pool)
    used = 0
  }
  let high = 0
  for (let i = 0; i < 3; i++) high = high * 256 + pool[used + i]
  let low = 0
  for (let i = 3; i < 7; i++) low = low * 256 + pool[used + i]
  used += 8
  return ((high & 0x1fffff) * 2 ** 32 + low) / 2 ** 53
}

/** From this size on, what a package fills is its own pool: uuid and nanoid keep such. */
const POOL_OF_PACKAGE = 128
const pools = []

/** Remembers a package's pool that is filled before an image is made: every instance would begin with the same bytes. */
export function rememberPool(bytes) {
  const isBefore = phase.now === 'boot' || phase.rehearsing
  if (isBefore && bytes.length >= POOL_OF_PACKAGE && !pools.includes(bytes)) pools.push(bytes)
}

/** Fills packages' pools anew, once, in each instance. One that was given away has no bytes, and is none. */
export function refillPools() {
  for (const bytes of pools) if (bytes.length) engine.random(bytes)
}

/** Before an image is made: what was drawn is in no image, and does not make two of them differ. */
export function emptyPools() {
  for (const bytes of pools) if (bytes.length) bytes.fill(0)
}

/** Throws the pool away: two instances of one image must not share it. */
export function forgetRandom() {
  pool?.fill(0)
  used = POOL
}
