/** `node:fs/promises`. */
import { promises } from './fs.js'

export default promises
