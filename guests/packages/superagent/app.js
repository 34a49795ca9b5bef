const superagent = require('superagent')
const { WORLD, failure, serve } = require('../checks')

const told = ({ status, body, type }) => ({ status, body, type })
const failed = (run) => failure(run).then(({ failed, went }) => (failed ? { code: failed.code, message: failed.message } : { went }))
serve({
  checks: {
    get: async () => told(await superagent.get(`${WORLD}/echo`).query({ a: 1, b: ['x', 'y'] })),
    post: async () => told(await superagent.post(`${WORLD}/echo`).send({ a: 'ç' }).set('X-A', '1')),
    form: async () => told(await superagent.post(`${WORLD}/echo`).type('form').send({ a: '1 2' })),
    attach: async () => told(await superagent.post(`${WORLD}/echo`).field('who', 'Ana').attach('photo', Buffer.from('content'), 'a.txt')),
    auth: async () => told(await superagent.get(`${WORLD}/basic`).auth('ana', 'pw')),
    notFound: async () => { try { await superagent.get(`${WORLD}/status/404`) } catch (error) { return [error.status, error.message, error.response.body] } },
    ok: async () => (await superagent.get(`${WORLD}/status/404`).ok(() => true)).status,
    redirect: async () => (await superagent.get(`${WORLD}/redirect/2`)).redirects,
    timeout: () => failed(() => superagent.get(`${WORLD}/silence`).timeout({ response: 200 })),
    gzip: async () => (await superagent.get(`${WORLD}/encoded/gzip`)).body.text.length,
    buffer: async () => (await superagent.get(`${WORLD}/bytes/300`).buffer(true).parse(superagent.parse['application/octet-stream'])).body,
    retry: () => failed(() => superagent.get(`${WORLD}/status/503`).retry(1)),
    cut: () => failed(() => superagent.get(`${WORLD}/cut`)).then(({ code }) => code),
    callback: () => new Promise((done) => superagent.put(`${WORLD}/echo`).send('text').type('text').end((error, answer) => done([error, answer.status]))),
  },
})
