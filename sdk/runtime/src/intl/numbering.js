/** Numbering systems: which there are, and a locale's own. */
import { ask, remembered } from './ask.js'
import { stringOption } from './options.js'

/** A value of a keyword as `-u-` has it. */
const TYPE = /^[a-z\d]{3,8}(-[a-z\d]{3,8})*$/i

export const isType = (text) => TYPE.test(text)

const systems = remembered(1, () => ask('intl-numbers.numbering-systems'))

export const numberingSystemOf = remembered(32, (locale) => ask('intl-numbers.default-numbering-system', locale))

/** The option `numberingSystem`. */
export function numberingSystemOption(options) {
  const value = stringOption(options, 'numberingSystem')
  if (value !== undefined && !isType(value)) throw new RangeError(`Invalid numberingSystem : ${value}`)
  return value
}

/** The keyword `nu` for `resolveLocale`. */
export function numberingKey(option) {
  return { option: option?.toLowerCase(), allows: (value) => (systems('').includes(value) ? value : undefined) }
}
