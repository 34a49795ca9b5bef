const bcrypt = require('bcryptjs')
const { failure, serve } = require('../checks')

const KNOWN = '$2b$04$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui'
serve({
  checks: {
    hash: () => bcrypt.hashSync('a password', '$2b$04$abcdefghijklmnopqrstuu'),
    compare: async () => [await bcrypt.compare('other', KNOWN), bcrypt.getRounds(KNOWN), bcrypt.getSalt(KNOWN)],
    salt: () => /^\$2[aby]\$10\$.{22}$/.test(bcrypt.genSaltSync()),
    invalid: () => failure(() => bcrypt.compareSync('x', 3)),
    cost10: async () => { const hash = await bcrypt.hash('a password', 10); return [await bcrypt.compare('a password', hash), await bcrypt.compare('other', hash)] },
  },
})
