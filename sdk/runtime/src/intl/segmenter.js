/** `Intl.Segmenter`: a text's letters, words or sentences as people see them. */
import { ask } from './ask.js'
import { addMembers, hold, makeClass, receiver, slotsOf } from './classes.js'
import { localeList, resolveLocale, supportedLocales } from './locales.js'
import { optionsObject, readMatcher, stringOption, toText } from './options.js'

const SERVICE = 'Intl.Segmenter'

/** How much of a text is cut at once, in code units, and how much of that is left for the next time: what follows may change it. */
const CHUNK = 8192
const LEFT = 512
/** The most that the host takes is 64 KiB, and 32 for words: three bytes for a code unit. */
const LARGEST = { grapheme: 21_000, word: 10_900, sentence: 21_000 }

function begin(locales, given) {
  const requested = localeList(locales)
  const options = optionsObject(given)
  readMatcher(options, SERVICE)
  const { base, locale } = resolveLocale('segmenter', requested)
  const granularity = stringOption(options, 'granularity', ['grapheme', 'word', 'sentence'], 'grapheme', SERVICE)
  return { kind: 'Segmenter', base, locale, granularity }
}

/** The pieces of a text from a place where one begins: `{from, to, ends, words}`; there is at least one. */
function cut({ base, granularity, text }, from) {
  const largest = LARGEST[granularity]
  for (let size = CHUNK; ; size = Math.min(size * 2, largest)) {
    const part = text.slice(from, from + size)
    const isLast = from + part.length === text.length
    const pieces = ask('intl-text.segments', base, granularity, part)
    let count = pieces.length
    while (!isLast && count > 0 && pieces[count - 1].end > part.length - LEFT) count--
    if (count === 0 && size < largest) continue
    const kept = pieces.slice(0, Math.max(count, 1))
    return { from, to: from + kept.at(-1).end, ends: kept.map(({ end }) => from + end), words: kept.map(({ wordLike }) => wordLike) }
  }
}

/** What is told of a piece (CreateSegmentDataObject). */
function piece({ granularity, text }, { from, ends, words }, at) {
  const index = at === 0 ? from : ends[at - 1]
  const told = { segment: text.slice(index, ends[at]), index, input: text }
  if (granularity === 'word') told.isWordLike = words[at]
  return told
}

const Segments = Object.create(Object.prototype)
addMembers(Segments, class {
  containing(index) {
    const slots = segmentsOf(this, 'containing')
    const place = Math.trunc(+index) || 0
    if (place < 0 || place >= slots.text.length) return undefined
    let part = slots.part
    if (part === undefined || place < part.from) part = cut(slots, 0)
    while (place >= part.to) part = cut(slots, part.to)
    slots.part = part
    let low = 0
    for (let high = part.ends.length - 1; low < high;) {
      const middle = (low + high) >> 1
      if (part.ends[middle] > place) high = middle
      else low = middle + 1
    }
    return piece(slots, part, low)
  }
  [Symbol.iterator]() {
    const { base, granularity, text } = segmentsOf(this, Symbol.iterator)
    return hold(Object.create(SegmentIterator), { kind: 'Segment Iterator', base, granularity, text, part: undefined, at: 0 })
  }
}.prototype)

function segmentsOf(value, method) {
  const slots = slotsOf(value, 'Segments')
  if (!slots) throw new TypeError(`Method %SegmentsPrototype%${typeof method === 'symbol' ? '[Symbol.iterator]' : `.${method}`} called on incompatible receiver`)
  return slots
}

const SegmentIterator = Object.create(Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())))
addMembers(SegmentIterator, class {
  next() {
    const slots = slotsOf(this, 'Segment Iterator')
    if (!slots) throw new TypeError('Method %SegmentIterator.prototype%.next called on incompatible receiver')
    let { part } = slots
    if (part === undefined || slots.at === part.ends.length) {
      const from = part?.to ?? 0
      if (from === slots.text.length) return { value: undefined, done: true }
      part = slots.part = cut(slots, from)
      slots.at = 0
    }
    return { value: piece(slots, part, slots.at++), done: false }
  }
}.prototype)
Object.defineProperty(SegmentIterator, Symbol.toStringTag, { value: 'Segmenter String Iterator', configurable: true })

export const Segmenter = makeClass('Segmenter', 0, begin, class {
  resolvedOptions() {
    const { locale, granularity } = receiver(this, 'Segmenter', 'resolvedOptions')
    return { locale, granularity }
  }
  segment(text) {
    const { base, granularity } = receiver(this, 'Segmenter', 'segment')
    return hold(Object.create(Segments), { kind: 'Segments', base, granularity, text: toText(text), part: undefined })
  }
}, { statics: { supportedLocalesOf: supportedLocales('segmenter', 'Segmenter') } })
