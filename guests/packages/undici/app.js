const { WORLD, failure, serve } = require('../checks')
const undici = require('undici')

const sockets = (run) => ({ needs: 'sockets', run })
serve({
  checks: {
    exports: () => ['request', 'fetch', 'Agent', 'Pool', 'Client', 'MockAgent', 'ProxyAgent', 'stream', 'FormData'].map((name) => typeof undici[name]),
    request: sockets(async () => { const { statusCode, body } = await undici.request(`${WORLD}/echo`, { method: 'POST', body: 'x' }); return [statusCode, await body.json()] }),
    fetch: sockets(async () => (await undici.fetch(`${WORLD}/echo`)).json()),
    mock: async () => {
      const agent = new undici.MockAgent()
      agent.disableNetConnect()
      agent.get('https://mock.example').intercept({ path: '/a' }).reply(201, { mocked: true })
      const { statusCode, body } = await undici.request('https://mock.example/a', { dispatcher: agent })
      return [statusCode, await body.json()]
    },
    headers: () => [...new undici.Headers([['a', '1'], ['A', '2']])],
    errors: () => [new undici.errors.ConnectTimeoutError().code, new undici.errors.UndiciError('x').name],
    formData: () => { const form = new undici.FormData(); form.append('a', '1'); return [...form] },
    globalDispatcher: async () => { undici.setGlobalDispatcher(new undici.Agent({ connections: 1 })); return (await fetch(`${WORLD}/status/200`)).status },
  },
})
