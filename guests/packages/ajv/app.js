const Ajv = require('ajv')
const addFormats = require('ajv-formats')
const { failure, serve } = require('../checks')

const ajv = addFormats(new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true }))
const validate = ajv.compile({ type: 'object', properties: { email: { type: 'string', format: 'email' }, n: { type: 'integer', minimum: 1 }, list: { type: 'array', uniqueItems: true, items: { type: 'string' } }, d: { default: 7 } }, required: ['email'], additionalProperties: false })
serve({
  checks: {
    valid: () => { const data = { email: 'a@b.co', n: '3' }; return [validate(data), data] },
    errors: () => { validate({ n: 0, list: ['a', 'a'], more: 1 }); return [validate.errors, ajv.errorsText(validate.errors)] },
    schemaError: () => failure(() => ajv.compile({ type: 'nothing' })),
    formats: () => ['date-time', 'uri', 'uuid', 'ipv4', 'time'].map((format) => ajv.validate({ type: 'string', format }, '2026-01-02T03:04:05Z')),
    ref: () => new Ajv().addSchema({ $id: 'x', type: 'number' }).compile({ $ref: 'x' })('y'),
  },
})
