const { serve } = require('../checks')

const load = () => import('node-fetch')
const fetch = async (...given) => (await load()).default(...given)
serve({ checks: require('../fetching')(fetch, { load }) })
