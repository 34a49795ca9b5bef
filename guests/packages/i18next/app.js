const i18next = require('i18next')
const { serve } = require('../checks')

const resources = {
  en: { translation: { hi: 'hi {{name}}', item_one: '{{count}} item', item_other: '{{count}} items', deep: { a: 'A' }, price: '{{n, number}}', cost: '{{n, currency(BRL)}}' } },
  pt: { translation: { hi: 'olá {{name}}', item_one: '{{count}} item', item_other: '{{count}} itens' } },
  ar: { translation: { item_zero: '0', item_one: '1', item_two: '2', item_few: 'few', item_many: 'many', item_other: 'other' } },
}
const ready = i18next.init({ lng: 'en', fallbackLng: 'en', resources })
const t = async (...given) => { await ready; return i18next.t(...given) }
serve({
  checks: {
    interpolate: async () => [await t('hi', { name: '<Ana>' }), await t('hi', { name: 'Ana', lng: 'pt' }), await t('deep.a'), await t('none', 'by default')],
    plurals: async () => [await t('item', { count: 1 }), await t('item', { count: 0 }), await t('item', { count: 2, lng: 'pt' })],
    fallback: async () => t('deep.a', { lng: 'pt-BR' }),
    change: async () => { await ready; await i18next.changeLanguage('pt'); const said = i18next.t('hi', { name: 'B' }); await i18next.changeLanguage('en'); return [said, i18next.language, i18next.dir('ar')] },
    arabic: async () => Promise.all([0, 1, 2, 5, 20, 100].map((count) => t('item', { count, lng: 'ar' }))),
    number: () => t('price', { n: 1234.5, lng: 'en' }),
    currency: () => t('cost', { n: 1234.5, lng: 'en' }),
  },
})
