// What bots do with got, in its old and its new form.

module.exports = (load, WORLD, failure) => {
  const failed = (run) => failure(run).then(({ failed, went }) => (failed ? { name: failed.name, code: failed.code } : { went }))
  return {
    json: async () => (await load())(`${WORLD}/echo?a=1`).json(),
    post: async () => (await load()).post(`${WORLD}/echo`, { json: { a: 'ç' } }).json(),
    form: async () => (await load()).post(`${WORLD}/echo`, { form: { a: '1 2' } }).json(),
    text: async () => (await load())(`${WORLD}/pieces/3`).text(),
    buffer: async () => (await load())(`${WORLD}/bytes/500`).buffer(),
    searchParams: async () => (await (await load())(`${WORLD}/echo`, { searchParams: { a: 1, b: 'ç' } }).json()).url,
    response: async () => { const answer = await (await load())(`${WORLD}/cookies`); return [answer.statusCode, answer.headers['set-cookie'], answer.url, answer.retryCount] },
    notFound: async () => { const got = await load(); try { await got(`${WORLD}/status/404`, { retry: { limit: 0 } }) } catch (error) { return [error.name, error.code, error.response.statusCode, error.response.body] } },
    noThrow: async () => (await (await load())(`${WORLD}/status/500`, { throwHttpErrors: false, retry: { limit: 0 } })).statusCode,
    redirect: async () => { const answer = await (await load())(`${WORLD}/redirect/2`); return [answer.url, answer.redirectUrls.map(String)] },
    gzip: async () => (await (await load())(`${WORLD}/encoded/gzip`).json()).text.length,
    brotli: async () => (await (await load())(`${WORLD}/encoded/br`).json()).text.length,
    timeout: async () => { const got = await load(); return failed(() => got(`${WORLD}/silence`, { timeout: { request: 200 }, retry: { limit: 0 } })) },
    cut: async () => { const got = await load(); return failed(() => got(`${WORLD}/cut`, { retry: { limit: 0 } })) },
    extend: async () => { const client = (await load()).extend({ prefixUrl: WORLD, headers: { 'x-a': '1' } }); return client.get('echo/x').json() },
    hooks: async () => (await load())(`${WORLD}/echo`, { hooks: { beforeRequest: [(options) => { options.headers['x-hook'] = '1' }] } }).json(),
    stream: async () => { let text = ''; for await (const part of (await load()).stream(`${WORLD}/pieces/4`)) text += part; return text },
    retry: async () => { const got = await load(); let tries = 0; await failed(() => got(`${WORLD}/status/503`, { retry: { limit: 1, calculateDelay: ({ attemptCount }) => { tries = attemptCount; return attemptCount > 1 ? 0 : 1 } } })); return tries },
  }
}
