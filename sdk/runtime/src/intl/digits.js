/** How many digits are written: options that number formats and plural rules share, and numbers as texts. */
import { numberOption, stringOption, wholeNumber } from './options.js'

const MODES = ['ceil', 'floor', 'expand', 'trunc', 'halfCeil', 'halfFloor', 'halfExpand', 'halfTrunc', 'halfEven']
const INCREMENTS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000]

/** SetNumberFormatDigitOptions: the host's record `digits`. */
export function digitOptions(options, leastDefault, mostDefault, isCompact, service) {
  const minimumInteger = numberOption(options, 'minimumIntegerDigits', 1, 21, 1)
  let leastFraction = options.minimumFractionDigits
  let mostFraction = options.maximumFractionDigits
  let leastSignificant = options.minimumSignificantDigits
  let mostSignificant = options.maximumSignificantDigits
  const roundingIncrement = numberOption(options, 'roundingIncrement', 1, 5000, 1)
  if (!INCREMENTS.includes(roundingIncrement)) throw new RangeError('roundingIncrement value is out of range.')
  const roundingMode = stringOption(options, 'roundingMode', MODES, 'halfExpand', service)
  const roundingPriority = stringOption(options, 'roundingPriority', ['auto', 'morePrecision', 'lessPrecision'], 'auto', service)
  const trailingZeroDisplay = stringOption(options, 'trailingZeroDisplay', ['auto', 'stripIfInteger'], 'auto', service)

  const digits = {
    minimumInteger, minimumFraction: undefined, maximumFraction: undefined, minimumSignificant: undefined, maximumSignificant: undefined,
    roundingPriority, roundingIncrement, roundingMode, trailingZeroDisplay,
  }
  const hasSignificant = leastSignificant !== undefined || mostSignificant !== undefined
  const hasFraction = leastFraction !== undefined || mostFraction !== undefined
  const isAuto = roundingPriority === 'auto'
  const needsSignificant = !isAuto || hasSignificant
  const needsFraction = !isAuto || !(needsSignificant || (!hasFraction && isCompact))
  if (needsSignificant) {
    leastSignificant = wholeNumber(leastSignificant, 'minimumSignificantDigits', 1, 21, 1)
    mostSignificant = wholeNumber(mostSignificant, 'maximumSignificantDigits', leastSignificant, 21, 21)
    Object.assign(digits, { minimumSignificant: leastSignificant, maximumSignificant: mostSignificant })
  }
  if (needsFraction) {
    if (hasFraction) {
      leastFraction = wholeNumber(leastFraction, 'minimumFractionDigits', 0, 100, undefined)
      mostFraction = wholeNumber(mostFraction, 'maximumFractionDigits', 0, 100, undefined)
      if (leastFraction === undefined) leastFraction = Math.min(leastDefault, mostFraction)
      else if (mostFraction === undefined) mostFraction = Math.max(mostDefault, leastFraction)
      else if (leastFraction > mostFraction) throw new RangeError('maximumFractionDigits value is out of range.')
    } else {
      leastFraction = leastDefault
      mostFraction = mostDefault
    }
    Object.assign(digits, { minimumFraction: leastFraction, maximumFraction: mostFraction })
  }
  if (!needsSignificant && !needsFraction) {
    Object.assign(digits, { minimumFraction: 0, maximumFraction: 0, minimumSignificant: 1, maximumSignificant: 2, roundingPriority: 'morePrecision' })
  }
  if (roundingIncrement !== 1) {
    if (needsSignificant || digits.roundingPriority !== 'auto') throw new TypeError('RoundingType is not fractionDigits')
    if (digits.maximumFraction !== digits.minimumFraction) throw new RangeError('maximumFractionDigits value is out of range.')
  }
  return digits
}

/** The digits as `resolvedOptions` shows them: those before other members, and those after. */
export function shownDigits({ minimumInteger, minimumFraction, maximumFraction, minimumSignificant, maximumSignificant, ...rounding }) {
  const counts = {
    minimumIntegerDigits: minimumInteger,
    ...(minimumFraction !== undefined && { minimumFractionDigits: minimumFraction, maximumFractionDigits: maximumFraction }),
    ...(minimumSignificant !== undefined && { minimumSignificantDigits: minimumSignificant, maximumSignificantDigits: maximumSignificant }),
  }
  const { roundingIncrement, roundingMode, roundingPriority, trailingZeroDisplay } = rounding
  return [counts, { roundingIncrement, roundingMode, roundingPriority, trailingZeroDisplay }]
}

/** A number as the host takes it: `-0` is kept. */
export function numberText(number) {
  return Object.is(number, -0) ? '-0' : `${number}`
}

/** ToIntlMathematicalValue: a text that names the number exactly. */
export function exactText(value) {
  if (typeof value === 'number') return numberText(value)
  const primitive = toPrimitive(value)
  if (typeof primitive === 'bigint') return primitive.toString()
  if (typeof primitive !== 'string') return numberText(Number(primitive))
  const number = Number(primitive)
  if (number === 0 || !Number.isFinite(number)) return numberText(number)
  const text = primitive.trim()
  const decimal = /^([+-]?)0*(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text)
  // What is no decimal is hexadecimal and such: a whole number.
  if (!decimal) return BigInt(text).toString()
  const [, sign, whole, fraction, exponent] = decimal
  return `${sign === '-' ? '-' : ''}${whole || '0'}${fraction ? `.${fraction}` : ''}${exponent ? `e${Number(exponent)}` : ''}`
}

/** ToPrimitive with the hint `number`. */
function toPrimitive(value) {
  if (typeof value === 'object' ? value === null : typeof value !== 'function') return value
  const exotic = value[Symbol.toPrimitive]
  if (exotic !== undefined && exotic !== null) {
    const primitive = Reflect.apply(exotic, value, ['number'])
    if (isPrimitive(primitive)) return primitive
    throw notPrimitive()
  }
  for (const name of ['valueOf', 'toString']) {
    const method = value[name]
    if (typeof method !== 'function') continue
    const primitive = Reflect.apply(method, value, [])
    if (isPrimitive(primitive)) return primitive
  }
  throw notPrimitive()
}

const isPrimitive = (value) => (typeof value === 'object' ? value === null : typeof value !== 'function')
const notPrimitive = () => new TypeError('Cannot convert object to primitive value')
