const axios = require('axios')
const FormData = require('form-data')
const https = require('node:https')
const { WORLD, failure, serve } = require('../checks')

const world = axios.create({ baseURL: WORLD, timeout: 5000, headers: { 'x-from': 'a bot' } })
const told = ({ status, data, headers }) => ({ status, data, type: headers['content-type'] })
const failed = (run) => failure(run).then(({ failed, went }) => failed ?? { went })
const stream = async (response) => { let text = ''; for await (const part of response.data) text += part; return text }
serve({
  checks: {
    get: async () => told(await world.get('/echo/a?b=1', { params: { c: [1, 2], d: new Date(0), e: undefined } })),
    post: async () => told(await world.post('/echo', { a: 'ç', n: 1 })),
    put: async () => told(await world.put('/echo', 'text', { headers: { 'content-type': 'text/plain' } })),
    delete: async () => told(await world.delete('/echo', { data: { a: 1 } })),
    head: async () => (await world.head('/echo')).status,
    form: async () => told(await world.post('/echo', new URLSearchParams({ a: '1 2', b: 'ç' }))),
    formObject: async () => told(await world.postForm('/echo', { a: 1, list: ['x', 'y'] })),
    formData: async () => {
      const form = new FormData()
      form.append('file', Buffer.from('content'), { filename: 'a.txt', contentType: 'text/plain' })
      form.append('messaging_product', 'whatsapp')
      return told(await world.post('/echo', form, { headers: form.getHeaders() }))
    },
    auth: async () => told(await world.get('/basic', { auth: { username: 'ana', password: 'p:w' } })),
    bearer: async () => told(await axios({ method: 'post', url: `${WORLD}/echo`, headers: { Authorization: 'Bearer t' }, data: { to: '1' } })),
    notFound: () => failed(() => world.get('/status/404')).then(({ message, code }) => ({ message, code })),
    serverError: async () => { try { await world.get('/status/503') } catch (error) { return [axios.isAxiosError(error), error.response.status, error.response.data, error.code] } },
    validateStatus: async () => (await world.get('/status/404', { validateStatus: () => true })).status,
    timeout: () => failed(() => world.get('/silence', { timeout: 200 })),
    abort: () => {
      const stop = new AbortController()
      setTimeout(() => stop.abort(), 50)
      return failed(() => world.get('/silence', { signal: stop.signal }))
    },
    cancelToken: async () => {
      const source = axios.CancelToken.source()
      setTimeout(() => source.cancel('enough'), 50)
      try { await world.get('/silence', { cancelToken: source.token }) } catch (error) { return [axios.isCancel(error), error.message] }
    },
    cut: () => failed(() => world.get('/cut')),
    refused: () => failed(() => axios.get('https://nobody.invalid/')).then(({ name, code }) => ({ name, code })),
    redirect: async () => { const answer = await world.get('/redirect/3'); return [answer.status, answer.data.url, answer.request.res.responseUrl] },
    tooManyRedirects: () => failed(() => world.get('/redirect/5', { maxRedirects: 2 })),
    noRedirect: () => failed(() => world.get('/redirect/1', { maxRedirects: 0 })),
    interceptors: async () => {
      const client = axios.create({ baseURL: WORLD })
      client.interceptors.request.use((config) => { config.headers['x-in'] = '1'; return config })
      client.interceptors.response.use((response) => ({ ...response, data: { wrapped: response.data.headers['x-in'] } }))
      return (await client.get('/echo')).data
    },
    gzip: async () => (await world.get('/encoded/gzip')).data.text.length,
    deflate: async () => (await world.get('/encoded/deflate')).data.text.length,
    brotli: async () => (await world.get('/encoded/br')).data.text.length,
    arraybuffer: async () => (await world.get('/bytes/1000', { responseType: 'arraybuffer' })).data,
    stream: async () => stream(await world.get('/pieces/5', { responseType: 'stream' })),
    postStream: async () => told(await world.post('/echo', require('node:stream').Readable.from(['one ', 'two']), { headers: { 'content-type': 'text/plain' } })),
    maxContentLength: () => failed(() => world.get('/bytes/5000', { maxContentLength: 1000 })),
    invalidJson: async () => (await world.get('/invalid')).data,
    agent: async () => told(await world.get('/echo', { httpsAgent: new https.Agent({ keepAlive: true, maxSockets: 2 }) })),
    fetchAdapter: async () => told(await world.post('/echo', { by: 'fetch' }, { adapter: 'fetch' })),
    progress: async () => { let last = 0; await world.get('/bytes/2000', { onDownloadProgress: ({ loaded }) => { last = loaded } }); return last },
    all: async () => (await Promise.all([1, 2, 3].map((n) => world.get(`/echo?n=${n}`)))).map(({ data }) => data.url),
  },
})
