const Joi = require('joi')
const { failure, serve } = require('../checks')

const schema = Joi.object({ name: Joi.string().min(2).required(), email: Joi.string().email(), age: Joi.number().integer().min(18), at: Joi.date().iso(), again: Joi.ref('name') })
serve({
  checks: {
    valid: () => schema.validate({ name: 'Ana', age: '20', at: '2026-01-02T03:04:05Z' }),
    all: () => schema.validate({ name: 'A', email: 'x', age: 3 }, { abortEarly: false }).error.details,
    unknown: () => schema.validate({ name: 'Ana', more: 1 }).error.message,
    async: () => failure(() => schema.validateAsync({})),
    custom: () => Joi.string().custom((value, helpers) => (value === 'x' ? helpers.error('any.invalid') : value)).messages({ 'any.invalid': 'not {#value}' }).validate('x').error.message,
    alternatives: () => Joi.alternatives(Joi.number(), Joi.boolean()).validate('yes').error.message,
    strip: () => schema.validate({ name: 'Ana', more: 1 }, { stripUnknown: true }).value,
  },
})
