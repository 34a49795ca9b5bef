const cheerio = require('cheerio')
const { WORLD, serve } = require('../checks')

const HTML = '<ul id="l"><li class="a">um</li><li>dois &amp; três</li></ul><a href="/x?a=1">x</a>'
serve({
  checks: {
    select: () => { const $ = cheerio.load(HTML); return [$('li').length, $('li.a').text(), $('a').attr('href'), $('li').map((n, item) => $(item).text()).get()] },
    change: () => { const $ = cheerio.load(HTML, null, false); $('li').first().addClass('b').after('<li>new</li>'); $('a').remove(); return $.html() },
    traverse: () => { const $ = cheerio.load(HTML); return [$('li').last().prev().text(), $('#l').children().length, $('li:contains("dois")').index(), $.root().find('a').parent().is('body')] },
    xml: () => { const $ = cheerio.load('<a><b x="1"/>ç</a>', { xml: true }); return [$.xml(), $('b').attr('x')] },
    extract: () => cheerio.load(HTML).extract({ items: ['li'], link: { selector: 'a', value: 'href' } }),
    fetched: async () => cheerio.load(`<p>${(await (await fetch(`${WORLD}/echo`)).json()).method}</p>`)('p').text(),
  },
})
