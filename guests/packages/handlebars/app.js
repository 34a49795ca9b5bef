const Handlebars = require('handlebars')
const { failure, serve } = require('../checks')

serve({
  checks: {
    render: () => Handlebars.compile('Olá {{nome}}, {{#each itens}}{{@index}}:{{this}} {{/each}}{{#if vip}}vip{{else}}comum{{/if}} {{{html}}} {{html}}')({ nome: 'Ana', itens: ['a', 'b'], html: '<b>' }),
    helpers: () => { Handlebars.registerHelper('up', (text) => text.toUpperCase()); Handlebars.registerPartial('p', '[{{x}}]'); return Handlebars.compile('{{up a}} {{> p x=1}} {{#with b}}{{c}}{{/with}}')({ a: 'x', b: { c: 2 } }) },
    errors: () => failure(() => Handlebars.compile('{{#if}}')({})),
    precompile: () => typeof Handlebars.precompile('{{a}}'),
  },
})
