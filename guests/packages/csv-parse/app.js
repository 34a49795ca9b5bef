const { parse: parser } = require('csv-parse')
const { parse } = require('csv-parse/sync')
const { stringify } = require('csv-stringify/sync')
const { failure, serve } = require('../checks')

serve({
  checks: {
    columns: () => parse('name,n\nAna,1\n"B, ""x""",2\n', { columns: true, cast: true }),
    options: () => parse('a;b\n# no\n 1 ;2\n', { delimiter: ';', comment: '#', trim: true, from_line: 2 }),
    error: () => failure(() => parse('a,b\n1\n')),
    stream: async () => { const rows = []; for await (const row of parser('a,b\n1,2\n3,4\n', { bom: true })) rows.push(row); return rows },
    stringify: () => stringify([{ a: 1, b: 'x, "y"' }, { a: null, b: 'ç' }], { header: true }),
  },
})
