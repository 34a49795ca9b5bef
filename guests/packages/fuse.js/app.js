const Fuse = require('fuse.js')
const { serve } = require('../checks')

const LIST = [{ title: 'Pão de queijo', tags: ['food'] }, { title: 'Café', tags: ['drink'] }, { title: 'Pastel', tags: ['food'] }]
const Search = Fuse.default ?? Fuse
serve({
  checks: {
    search: () => new Search(LIST, { keys: ['title', 'tags'], includeScore: true, threshold: 0.4 }).search('pastl').map(({ item, score }) => [item.title, score.toFixed(6)]),
    accents: () => new Search(LIST, { keys: ['title'], ignoreDiacritics: true }).search('pao').map(({ refIndex }) => refIndex),
    index: () => Search.createIndex(['title'], LIST).size(),
    extended: () => new Search(['one', 'two'], { useExtendedSearch: true }).search("!one").map(({ item }) => item),
  },
})
