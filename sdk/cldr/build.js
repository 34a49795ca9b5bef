/** Writes `cldr/dist/locales.bin`. */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pack } from './pack.js'

const folder = fileURLToPath(new URL('dist/', import.meta.url))
mkdirSync(folder, { recursive: true })
const size = pack(`${folder}locales.bin`)
console.log(`locales.bin: ${Math.round(size / 1024)} KB`)
