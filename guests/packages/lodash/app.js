const _ = require('lodash')
const { serve } = require('../checks')

serve({
  checks: {
    collections: () => [_.groupBy([1, 2, 3], (n) => n % 2), _.chunk([1, 2, 3], 2), _.orderBy([{ a: 1 }, { a: 2 }], 'a', 'desc'), _.uniqBy([{ a: 1 }, { a: 1 }], 'a'), _.sumBy([{ a: 1 }, { a: 2 }], 'a')],
    objects: () => [_.get({ a: { b: [1] } }, 'a.b[0]'), _.set({}, 'x.y', 1), _.merge({ a: { b: 1 } }, { a: { c: 2 } }), _.pick({ a: 1, b: 2 }, 'a'), _.cloneDeep(new Map([[1, { a: 1 }]])), _.isEqual({ a: [1] }, { a: [1] })],
    strings: () => [_.camelCase('olá mundo-x'), _.deburr('ação'), _.template('oi <%= nome %>')({ nome: 'Ana' }), _.startCase('ana_b'), _.truncate('a long text', { length: 7 }), _.words('a b')],
    functions: async () => { let n = 0; const debounced = _.debounce(() => { n++ }, 20); debounced(); debounced(); await new Promise((done) => setTimeout(done, 60)); return [n, _.memoize((x) => x * 2)(2), _.once(() => 1)(), _.curry((a, b) => a + b)(1)(2)] },
    types: () => [_.isPlainObject({}), _.isBuffer(Buffer.alloc(1)), _.isError(new Error('x')), _.toNumber('3'), _.isEmpty(new Set()), _.toString(-0)],
  },
})
