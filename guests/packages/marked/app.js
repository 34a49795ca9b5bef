const { serve } = require('../checks')

const load = () => import('marked')
serve({
  checks: {
    parse: async () => (await load()).marked.parse('# Olá\n\n- a\n- **b** `c`\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n```js\nlet a\n```'),
    inline: async () => (await load()).marked.parseInline('_a_ [b](http://c)'),
    lexer: async () => (await load()).marked.lexer('> a\n\n1. b').map(({ type }) => type),
    extension: async () => { const { Marked } = await load(); return new Marked({ renderer: { strong: ({ text }) => `*${text}*` } }).parse('**a**') },
  },
})
