// What bots do with `fetch`, whoever brings it.

const { WORLD, failure } = require('./checks')

module.exports = (fetch, { load, FormData, ...given }) => {
  const of = async (name) => given[name] ?? (await load())[name]
  const json = async (response) => ({ status: response.status, ok: response.ok, type: response.headers.get('content-type'), body: await response.json() })
  const failed = (run) => failure(run).then(({ failed, went }) => (failed ? { name: failed.name, type: failed.type, code: failed.code } : { went }))
  return {
    // node-fetch 2 does not see that an answer breaks off.
    ...(load && { torn: () => failed(async () => (await fetch(`${WORLD}/tear`)).text()) }),
    get: async () => json(await fetch(`${WORLD}/echo/a?b=1`)),
    post: async () => json(await fetch(`${WORLD}/echo`, { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: 'Bearer t' }, body: JSON.stringify({ a: 'ç' }) })),
    form: async () => json(await fetch(`${WORLD}/echo`, { method: 'POST', body: new URLSearchParams({ a: '1 2' }) })),
    formData: async () => {
      const form = new (FormData ?? await of('FormData'))()
      form.append('a', '1')
      form.append('b', 'ç')
      return json(await fetch(`${WORLD}/echo`, { method: 'POST', body: form }))
    },
    buffer: async () => Buffer.from(await (await fetch(`${WORLD}/bytes/1000`)).arrayBuffer()),
    postBuffer: async () => json(await fetch(`${WORLD}/echo`, { method: 'PUT', body: Buffer.from('bytes') })),
    status: async () => { const answer = await fetch(`${WORLD}/status/404`); return [answer.status, answer.ok, answer.statusText, await answer.text()] },
    redirect: async () => { const answer = await fetch(`${WORLD}/redirect/2`); return [answer.redirected, answer.url, answer.status] },
    manual: async () => { const answer = await fetch(`${WORLD}/redirect/1`, { redirect: 'manual' }); return [answer.status, answer.headers.get('location')] },
    redirectError: () => failed(() => fetch(`${WORLD}/redirect/1`, { redirect: 'error' })),
    gzip: async () => (await (await fetch(`${WORLD}/encoded/gzip`)).json()).text.length,
    brotli: async () => (await (await fetch(`${WORLD}/encoded/br`)).json()).text.length,
    deflate: async () => (await (await fetch(`${WORLD}/encoded/deflate`)).json()).text.length,
    abort: () => failed(() => fetch(`${WORLD}/silence`, { signal: AbortSignal.timeout(100) })),
    aborted: () => {
      const stop = new AbortController()
      setTimeout(() => stop.abort(), 50)
      return failed(() => fetch(`${WORLD}/silence`, { signal: stop.signal }))
    },
    cut: () => failed(() => fetch(`${WORLD}/cut`)),
    unknownHost: () => failed(() => fetch('https://nobody.invalid/')),
    invalidJson: () => failed(async () => (await fetch(`${WORLD}/invalid`)).json()),
    cookies: async () => [...(await fetch(`${WORLD}/cookies`)).headers].filter(([name]) => name === 'set-cookie'),
    headers: async () => {
      const headers = new (await of('Headers'))({ 'X-A': '1' })
      headers.append('x-a', '2')
      return [[...headers], headers.get('X-A'), headers.has('x-b')]
    },
    request: async () => { const request = new (await of('Request'))(`${WORLD}/echo`, { method: 'POST', body: 'x' }); return [request.method, request.url, (await json(await fetch(request))).body.body] },
    stream: async () => { let text = ''; for await (const part of (await fetch(`${WORLD}/pieces/3`)).body) text += Buffer.from(part); return text },
    clone: async () => { const answer = await fetch(`${WORLD}/pieces/1`); const other = answer.clone(); return [await answer.text(), await other.text()] },
  }
}
