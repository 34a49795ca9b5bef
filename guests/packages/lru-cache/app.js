const { LRUCache } = require('lru-cache')
const { serve } = require('../checks')

serve({
  checks: {
    evicts: () => { const gone = []; const cache = new LRUCache({ max: 2, dispose: (value, key) => gone.push(key) }); cache.set('a', 1).set('b', 2); cache.get('a'); cache.set('c', 3); return [[...cache.keys()], gone, cache.size] },
    ttl: async () => { const cache = new LRUCache({ max: 5, ttl: 20 }); cache.set('a', 1); await new Promise((done) => setTimeout(done, 60)); return [cache.get('a'), cache.has('a')] },
    fetch: async () => { let n = 0; const cache = new LRUCache({ max: 5, fetchMethod: async (key) => { n++; return `${key}!` } }); return [await Promise.all([cache.fetch('a'), cache.fetch('a')]), n] },
    size: () => { const cache = new LRUCache({ maxSize: 10, sizeCalculation: (value) => value.length }); cache.set('a', 'x'.repeat(6)); cache.set('b', 'x'.repeat(6)); return [cache.has('a'), cache.calculatedSize] },
  },
})
