/** How many columns of a terminal a text takes, as `util.inspect` and `console.table` count them. */

/**
 * The characters of two columns (East Asian Width W and F, and emoji), as ICU of Node 22.23 has them: in digits of base 36, how far a range
 * begins behind the last one, and how many characters follow its first.
 */
const WIDE = `3cw-2n 3i3-1 e-1 5b-3 4 3 ei-1 m-1 r-7 h-b 18 b-5 4 e 9-1 i-1 6-1 9 6 m 8-1 2 5 3 8 5-1 t 10 2 5-2 2 1q-2 p f nw-1 1g 5 mj-p 2-2g d-5x r-26 3-2d 3-2u
  6-16 2-2l 2-2d a-1b 2-13 9-mkc 4-1i wq-s hw-8mb 6l9-e7 lt-9 n-y 2-i 2-3 46-2n 3k-6 m4a-4 c-6 a-5p1 16-v 2q-36 6pq-3 2-6 2-1 2-82 g u-2 3 f-3 9-az
  603-1 2k-1 90-2e a-m 5n2 5n 5b 3-9 24-s e-17 5-8 8-1 f-5 4b-w d-8 2-1x 2-l d-16 5-4 d-g 4 4-1y 2 2-56 3-1q e-3 2-n j r-1 e 2f-2c 1d-1x 7 4-2 3-3 4-3
  c-1 8-8 6c-b 5 7w-1a 2-9 2-54 35-c 4-a 4-1k 2 5-f 3-b 5-9 zs-1ekd 3-1ekd`

/** Marks and signs that show nothing of their own. */
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]$/u
/** A soft hyphen, which is shown. */
const SOFT_HYPHEN = 0xad

/** What takes one column each and is written as syllables of two. */
const JAMO = /[\u1100-\u11ff]/
// eslint-disable-next-line no-control-regex
const COLORS = /\u001b\[[\d;]*m/g

/** Where ranges begin and end, in turn. */
let edges

function readEdges() {
  edges = []
  let at = 0
  for (const range of WIDE.split(/\s+/)) {
    const [gap, more = '0'] = range.split('-')
    const first = at + parseInt(gap, 36)
    at = first + parseInt(more, 36)
    edges.push(first, at + 1)
  }
}

function isWide(code) {
  if (code < 0x1100) return false
  if (edges === undefined) readEdges()
  let [low, high] = [0, edges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle] <= code) low = middle + 1
    else high = middle
  }
  return low % 2 === 1
}

/** @param {boolean} [hasColors] whether escape sequences may be in it, which show nothing */
export function textWidth(text, hasColors = true) {
  if (hasColors && text.includes('\u001b')) text = text.replace(COLORS, '')
  // Most texts are plain.
  if (/^[ -~]*$/.test(text)) return text.length
  if (JAMO.test(text)) text = text.normalize('NFC')
  let width = 0
  for (const character of text) {
    const code = character.codePointAt(0)
    if (isWide(code)) width += 2
    else if (code === SOFT_HYPHEN || !INVISIBLE.test(character)) width++
  }
  return width
}
