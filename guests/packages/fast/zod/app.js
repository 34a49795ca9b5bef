const { z } = require('zod')
const { failure, serve } = require('../../checks')

const Person = z.object({ name: z.string().min(2), email: z.string().email(), age: z.number().int().positive().optional(), tags: z.array(z.string()).default([]) })
serve({
  checks: {
    parse: () => Person.parse({ name: 'Ana', email: 'ana@example.com' }),
    issues: () => Person.safeParse({ name: 'A', email: 'x', age: -1 }).error.issues,
    strict: () => failure(() => Person.strict().parse({ name: 'Ana', email: 'a@b.co', more: 1 })).then(({ failed }) => failed.name),
    union: () => z.discriminatedUnion('type', [z.object({ type: z.literal('a'), n: z.number() }), z.object({ type: z.literal('b') })]).safeParse({ type: 'a', n: 'x' }).error.issues,
    transform: () => z.string().transform((text) => text.length).pipe(z.number().max(3)).safeParse('long text').success,
    coerce: () => [z.coerce.number().parse('3'), z.coerce.date().parse('2026-01-02'), z.coerce.boolean().parse('')],
    refine: () => z.object({ a: z.string(), b: z.string() }).refine(({ a, b }) => a === b, { message: 'differ', path: ['b'] }).safeParse({ a: '1', b: '2' }).error.issues,
    async: () => z.string().refine(async (text) => text === 'x').safeParseAsync('y').then(({ success }) => success),
    formats: () => [z.string().uuid(), z.string().url(), z.string().datetime()].map((schema) => schema.safeParse('2026-01-02T03:04:05Z').success),
    jsonSchema: () => z.toJSONSchema(Person),
  },
})
