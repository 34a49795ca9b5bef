const got = require('got11')
const { WORLD, failure, serve } = require('../checks')

serve({ checks: require('../getting')(async () => got, WORLD, failure) })
