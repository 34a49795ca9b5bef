const request = require('request')
const { WORLD, serve } = require('../checks')

const ask = (options) => new Promise((done) => request({ baseUrl: WORLD, ...options }, (error, response, body) => done(error ? { code: error.code, message: error.message } : { status: response.statusCode, body })))
serve({
  checks: {
    get: () => ask({ uri: '/echo', qs: { a: 1, b: [1, 2] } }),
    json: () => ask({ uri: '/echo', method: 'POST', json: { a: 'ç' } }),
    form: () => ask({ uri: '/echo', method: 'POST', form: { a: '1 2' } }),
    formData: async () => { const { status, body } = await ask({ uri: '/echo', method: 'POST', json: true, formData: { a: '1', file: { value: Buffer.from('x'), options: { filename: 'a.txt' } } } }); return [status, body.body] },
    auth: () => ask({ uri: '/basic', auth: { user: 'ana', pass: 'pw' } }),
    bearer: () => ask({ uri: '/echo', auth: { bearer: 't' }, json: true }),
    status: () => ask({ uri: '/status/404' }),
    redirect: () => ask({ uri: '/redirect/2', json: true }),
    noRedirect: () => ask({ uri: '/redirect/1', followRedirect: false }),
    gzip: async () => (await ask({ uri: '/encoded/gzip', gzip: true, json: true })).body.text.length,
    binary: async () => (await ask({ uri: '/bytes/100', encoding: null })).body,
    timeout: () => ask({ uri: '/silence', timeout: 200 }),
    defaults: () => new Promise((done) => request.defaults({ headers: { 'x-a': '1' }, json: true }).get(`${WORLD}/echo`, (error, response, body) => done(body))),
    stream: () => new Promise((done, fail) => { let text = ''; request(`${WORLD}/pieces/3`).on('data', (part) => { text += part }).on('end', () => done(text)).on('error', fail) }),
    cut: async () => (await ask({ uri: '/cut' })).code,
  },
})
