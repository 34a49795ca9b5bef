const NodeCache = require('node-cache')
const { failure, serve } = require('../checks')

serve({
  checks: {
    use: () => { const cache = new NodeCache(); const value = { a: 1 }; cache.set('k', value); cache.mset([{ key: 'a', val: 1 }, { key: 'b', val: 2, ttl: 10 }]); return [cache.get('k'), cache.get('k') === value, cache.has('x'), cache.keys(), cache.take('a'), cache.del('b'), cache.getStats().keys] },
    expires: async () => { const cache = new NodeCache({ stdTTL: 0.03, checkperiod: 0 }); cache.set('k', 1); await new Promise((done) => setTimeout(done, 80)); return cache.get('k') },
    events: () => { const seen = []; const cache = new NodeCache(); cache.on('set', (key) => seen.push(`set ${key}`)).on('del', (key) => seen.push(`del ${key}`)); cache.set('a', 1); cache.del('a'); cache.flushAll(); return seen },
    full: () => failure(() => { const cache = new NodeCache({ maxKeys: 1 }); cache.set('a', 1); cache.set('b', 1) }),
  },
})
