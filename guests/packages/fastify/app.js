const fastify = require('fastify')({ logger: false })
const { serve } = require('../checks')

fastify.get('/json/:id', { schema: { params: { type: 'object', properties: { id: { type: 'integer' } } }, response: { 200: { type: 'object', properties: { id: { type: 'integer' }, q: { type: 'object', additionalProperties: true } } } } } }, async ({ params, query }) => ({ id: params.id, q: query, hidden: 1 }))
fastify.post('/post', { schema: { body: { type: 'object', required: ['a'], properties: { a: { type: 'number' } } } } }, async ({ body }, reply) => reply.code(201).header('x-a', '1').send(body))
fastify.get('/throws', async () => { throw Object.assign(new Error('no'), { statusCode: 418 }) })
fastify.register(async (inner) => { inner.addHook('onRequest', async (request, reply) => { reply.header('x-hook', '1') }); inner.get('/x', async () => 'inner') }, { prefix: '/inner' })
const app = async (req, res) => { await fastify.ready(); fastify.routing(req, res) }
const post = (body) => ({ method: 'POST', path: '/post', headers: { 'content-type': 'application/json' }, body })
serve({
  app,
  checks: { inject: async () => { const { statusCode, payload } = await fastify.inject('/json/7?a=1'); return [statusCode, payload] } },
  requests: { json: { path: '/json/7?a=1' }, invalid: { path: '/json/x' }, post: post('{"a":"3"}'), missing: post('{}'), broken: post('{'), throws: { path: '/throws' }, hook: { path: '/inner/x', show: ['x-hook'] }, none: { path: '/none' } },
})
