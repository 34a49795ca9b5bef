/** `Atomics`: with one thread everything is atomic, and nobody else would wake who waits. */

function place(array, index) {
  if (!ArrayBuffer.isView(array) || array instanceof DataView || array instanceof Float32Array || array instanceof Float64Array) throw new TypeError('[object Array] is not an integer typed array.')
  const at = Math.trunc(+index) || 0
  if (at < 0 || at >= array.length) throw new RangeError('Invalid atomic access index')
  return at
}

const change = (with_) => (array, index, value) => {
  const at = place(array, index)
  const before = array[at]
  array[at] = with_(before, typeof before === 'bigint' ? BigInt(value) : Math.trunc(+value) || 0)
  return before
}

function waits(array, index, value) {
  const at = place(array, index)
  if (!(array instanceof Int32Array || array instanceof BigInt64Array)) throw new TypeError('[object Array] is not an int32 or BigInt64 typed array.')
  if (!(array.buffer instanceof SharedArrayBuffer)) throw new TypeError('[object Int32Array] is not a shared typed array.')
  return array[at] === value ? 'timed-out' : 'not-equal'
}

export const Atomics = Object.defineProperty({}, Symbol.toStringTag, { value: 'Atomics', configurable: true })
const methods = {
  add: change((a, b) => a + b),
  sub: change((a, b) => a - b),
  and: change((a, b) => a & b),
  or: change((a, b) => a | b),
  xor: change((a, b) => a ^ b),
  exchange: change((_, b) => b),
  load: (array, index) => array[place(array, index)],
  store(array, index, value) {
    const at = place(array, index)
    return (array[at] = typeof array[at] === 'bigint' ? BigInt(value) : Math.trunc(+value) || 0)
  },
  compareExchange(array, index, expected, value) {
    const at = place(array, index)
    const before = array[at]
    // Both are what the array makes of them.
    if (before === array.constructor.of(expected)[0]) array[at] = value
    return before
  },
  isLockFree: (size) => [1, 2, 4, 8].includes(size),
  // Whoever waits for no other thread waits until the time is over: it is as if it were.
  wait: waits,
  waitAsync: (...args) => ({ async: false, value: waits(...args) }),
  notify(array, index) { place(array, index); return 0 },
  pause() {},
}
for (const [name, value] of Object.entries(methods)) Object.defineProperty(Atomics, name, { value, writable: true, configurable: true })
