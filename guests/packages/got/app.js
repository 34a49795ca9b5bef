const { WORLD, failure, serve } = require('../checks')

const load = async () => (await import('got')).default
serve({ checks: require('../getting')(load, WORLD, failure) })
