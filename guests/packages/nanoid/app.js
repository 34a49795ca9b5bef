const { serve } = require('../checks')

const load = () => import('nanoid')
serve({
  checks: {
    form: async () => { const { nanoid } = await load(); return [/^[\w-]{21}$/.test(nanoid()), nanoid(5).length] },
    alphabet: async () => { const { customAlphabet } = await load(); return /^[ab]{10}$/.test(customAlphabet('ab', 10)()) },
    random: async () => { const { customRandom, urlAlphabet } = await load(); return customRandom(urlAlphabet, 8, (n) => new Uint8Array(n).fill(3))() },
    unique: async () => { const { nanoid } = await load(); return new Set(Array.from({ length: 300 }, () => nanoid())).size },
  },
})
