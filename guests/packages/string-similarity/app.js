const similarity = require('string-similarity')
const { failure, serve } = require('../checks')

serve({
  checks: {
    compare: () => [similarity.compareTwoStrings('obrigado', 'obrigada'), similarity.compareTwoStrings('a', 'b')],
    best: () => similarity.findBestMatch('cafe', ['café', 'caffe', 'tea']),
    invalid: () => failure(() => similarity.findBestMatch(1, [])).then(({ failed }) => failed.message),
  },
})
