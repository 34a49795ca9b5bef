const Big = require('big.js')
const { failure, serve } = require('../checks')

serve({
  checks: {
    arithmetic: () => [new Big('0.1').plus('0.2').toString(), new Big(10).div(3).toFixed(5), new Big('1e30').times(3).toString(), new Big(2).sqrt().toString()],
    invalid: () => failure(() => new Big('x')),
  },
})
