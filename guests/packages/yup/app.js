const yup = require('yup')
const { failure, serve } = require('../checks')

const schema = yup.object({ name: yup.string().required(), age: yup.number().positive().integer(), email: yup.string().email(), at: yup.date().default(() => new Date(0)) })
serve({
  checks: {
    valid: () => schema.validate({ name: 'Ana', age: '20' }),
    all: () => schema.validate({ age: -1.5, email: 'x' }, { abortEarly: false }).catch(({ errors, inner }) => [errors, inner.map(({ path, type }) => [path, type])]),
    cast: () => schema.cast({ name: 3, age: '4' }),
    failure: () => failure(() => schema.validateSync({})),
    when: () => yup.object({ is: yup.boolean(), n: yup.number().when('is', { is: true, then: (n) => n.required() }) }).isValid({ is: true }),
  },
})
