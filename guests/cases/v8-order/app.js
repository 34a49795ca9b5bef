// In which order a comparator is asked, how dates are written, and what errors have of their own. Node: as V8 does it.
const http = require('http')
class Refused extends Error { constructor(message) { super(message); this.name = 'Refused' } }
class NoTable extends Refused {}
const make = () => new NoTable('no table')
let seed = 1
const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648
const comparators = [(a, b) => a - b, (a, b) => a > b, (a, b) => b > a, () => -1, (a, b) => (a > b ? 1 : -1), (a, b) => (a ^ b) % 3 - 1]

/** What depends on each call of many comparators, and on each place in the outcome. */
function digest(Type, longest) {
  let sum = 0
  const mix = (x) => { sum = (Math.imul(sum, 31) + x) | 0 }
  seed = 1
  for (let n = 0; n < 120; n++) {
    const length = n < 70 ? n : Math.floor(random() * longest)
    const kinds = [() => Math.floor(random() * 1e5), (i) => i % 7, (i) => -i, (i) => (i < length / 2 ? i : length - i), (i) => (random() < 0.05 ? i + 999 : i)]
    const list = Type.from({ length }, (_, i) => kinds[n % 5](i))
    const compare = comparators[n % 6]
    list.sort((a, b) => { mix(a); mix(b); return compare(a, b) }).forEach(mix)
  }
  return sum
}

const what = {
  booleans: () => [3, 1, 2].sort((a, b) => b > a),
  contradicts: () => [1, 2, 3].toSorted(() => -1),
  calls: () => { const seen = []; [1, 2, 3].sort((a, b) => { seen.push(`${a},${b}`); return a - b }); return seen.join(' ') },
  many: () => digest(Array, 3000),
  typed: () => digest(Int32Array, 500),
  holes: () => JSON.stringify([3, undefined, , 10, 2].sort((a, b) => a - b)) + JSON.stringify([3, undefined, , 10, 2].sort()), // eslint-disable-line no-sparse-arrays
  throws: () => [2, 1].sort(() => { throw new Error('mine') }),
  dates: () => `${new Date(0)} ${new Date(0).toTimeString()} ${new Date(0).toDateString()}`,
  noDates: () => ['Jan 32 2024', '32 Jan 2024', '1/32/2024', '2024/1/32', 'Feb 30 2024', 'Jan 5 2024 10:00 PM'].map((text) => new Date(text)).join(),
  names: () => [new Error('x'), new Error('x', { cause: 1 }), new AggregateError([], 'x'), make()].map((error) => Object.getOwnPropertyNames(error)).join(' '),
  json: () => { const error = make(); return JSON.parse(JSON.stringify(error, Object.getOwnPropertyNames(error))).stack === error.stack },
  derived: () => make().stack.split('\n').slice(0, 2).join('').replace(/\(.*/, ''),
  any: () => Promise.any([Promise.reject(1)]).catch((error) => `${error} ${error.errors}`),
}

http.createServer(async (req, res) => {
  const url = new URL(req.url, 'http://x')
  if (url.pathname !== '/') return res.end(url.searchParams.get('hub.challenge') ?? 'x')
  try { res.end(`${await what[url.searchParams.get('n')]()}`) } catch (error) { res.end(error.message) }
}).listen(process.env.PORT || 3000)
