const xml2js = require('xml2js')
const { failure, serve } = require('../checks')

serve({
  checks: {
    parse: () => xml2js.parseStringPromise('<order id="7"><item>tea</item><item>cake</item></order>'),
    options: () => xml2js.parseStringPromise('<a b="1"><c>2</c></a>', { explicitArray: false, mergeAttrs: true, valueProcessors: [xml2js.processors.parseNumbers] }),
    build: () => new xml2js.Builder({ headless: true }).buildObject({ order: { $: { id: 7 }, item: ['tea', 'a & b'] } }),
    error: () => failure(() => xml2js.parseStringPromise('<a><b></a>')),
    callback: () => new Promise((done) => xml2js.parseString('<a/>', (error, value) => done([error, value]))),
  },
})
