const uuid = require('uuid')
const { failure, serve } = require('../checks')

const KNOWN = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
serve({
  checks: {
    v4: () => [uuid.validate(uuid.v4()), uuid.version(uuid.v4()), uuid.v4({ random: new Uint8Array(16).fill(7) })],
    v5: () => [uuid.v5('name', uuid.v5.DNS), uuid.v3('name', uuid.v3.URL)],
    v7: () => [uuid.version(uuid.v7()), uuid.v7({ msecs: 1, seq: 1, random: new Uint8Array(16) })],
    v1: () => uuid.version(uuid.v1()),
    parse: () => [uuid.parse(KNOWN), uuid.stringify(uuid.parse(KNOWN)), uuid.NIL, uuid.validate('x')],
    invalid: () => failure(() => uuid.parse('x')),
    unique: () => new Set(Array.from({ length: 500 }, () => uuid.v4())).size,
  },
})
