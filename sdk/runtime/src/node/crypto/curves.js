/** `getCurves`. */
import { now } from './host_keys.js'

export const getCurves = () => now('curves').sort()
