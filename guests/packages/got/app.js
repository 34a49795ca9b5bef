const { WORLD, failure, serve } = require('../checks')

// Its package `@sindresorhus/is` makes an `Intl.ListFormat` when it is loaded: without `Intl` nothing of got can be called.
const load = async () => (await import('got')).default
const checks = Object.entries(require('../getting')(load, WORLD, failure))
serve({ checks: Object.fromEntries(checks) })
