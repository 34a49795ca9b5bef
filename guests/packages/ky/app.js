const { WORLD, failure, serve } = require('../checks')

const load = async () => (await import('ky')).default
const failed = (run) => failure(run).then(({ failed, went }) => (failed ? { name: failed.name } : { went }))
serve({
  checks: {
    json: async () => (await load())(`${WORLD}/echo?a=1`).json(),
    post: async () => (await load()).post(`${WORLD}/echo`, { json: { a: 1 } }).json(),
    searchParams: async () => (await (await load()).get(`${WORLD}/echo`, { searchParams: { a: 1 } }).json()).url,
    extend: async () => (await load()).extend({ headers: { 'x-a': '1' } }).get(`${WORLD}/echo`).json(),
    notFound: async () => { const ky = await load(); try { await ky(`${WORLD}/status/404`, { retry: 0 }) } catch (error) { return [error.name, error.response.status, error.message] } },
    timeout: async () => { const ky = await load(); return failed(() => ky(`${WORLD}/silence`, { timeout: 200, retry: 0 })) },
    hooks: async () => (await load())(`${WORLD}/echo`, { headers: { 'x-hook': '1' } }).text(),
    retry: async () => { const ky = await load(); const began = Date.now(); const { failed: error } = await failure(() => ky(`${WORLD}/status/503`, { retry: { limit: 1, delay: () => 20 } })); return [error.name, Date.now() - began >= 20] },
    gzip: async () => (await (await load())(`${WORLD}/encoded/gzip`).json()).text.length,
  },
})
