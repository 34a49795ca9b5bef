const mime = require('mime-types')
const { serve } = require('../checks')

serve({ checks: { lookup: () => [mime.lookup('a.pdf'), mime.lookup('x.unknown'), mime.contentType('text/html'), mime.extension('audio/ogg'), mime.charset('text/plain')], tables: () => [Object.keys(mime.types).length > 1000, mime.extensions['image/jpeg']] } })
