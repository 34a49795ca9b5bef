const qs = require('qs')
const { failure, serve } = require('../checks')

serve({
  checks: {
    parse: () => qs.parse('a[b][c]=1&d[]=2&d[]=3&e=%C3%A7&f[0][g]=4'),
    stringify: () => [qs.stringify({ a: { b: [1, 2] }, c: null, d: undefined, e: 'ç é' }), qs.stringify({ a: [1, 2] }, { arrayFormat: 'repeat', encodeValuesOnly: true })],
    options: () => [qs.parse('a.b=1;c=2', { allowDots: true, delimiter: ';' }), qs.parse('a=1,2', { comma: true }), qs.parse('?x=%F0%9F%8D%95', { ignoreQueryPrefix: true })],
    dates: () => qs.stringify({ at: new Date(0), list: [] }, { serializeDate: (date) => `${+date}`, addQueryPrefix: true }),
    limits: () => failure(() => qs.parse('a=1&b=2&c=3', { parameterLimit: 2, throwOnLimitExceeded: true })),
  },
})
