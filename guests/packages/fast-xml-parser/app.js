const { XMLBuilder, XMLParser, XMLValidator } = require('fast-xml-parser')
const { serve } = require('../checks')

serve({
  checks: {
    parse: () => new XMLParser({ ignoreAttributes: false }).parse('<a x="1"><b>2</b><b>&lt;3</b><c/></a>'),
    build: () => new XMLBuilder({ format: true, ignoreAttributes: false }).build({ a: { '@_x': 1, b: [1, 2] } }),
    validate: () => [XMLValidator.validate('<a></a>'), XMLValidator.validate('<a><b></a>')],
  },
})
