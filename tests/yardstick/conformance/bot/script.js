'use strict'
// The bot that runs scripts: what is sent is evaluated as a script, in an instance that ran none before.

const http = require('http')

/** What test262 asks of whoever runs it (INTERPRETING.md). */
function host(print) {
  return {
    print,
    $262: {
      global: globalThis,
      evalScript: (text) => (0, eval)(text),
      createRealm() { throw new Error('there is one realm') },
      detachArrayBuffer: (buffer) => { structuredClone(buffer, { transfer: [buffer] }) },
      gc() { throw new Error('there is no door to the garbage collector') },
      agent: undefined,
    },
  }
}

/** How a script ends: the name and text of what it threw, and what it printed. */
async function run(source, isAsync) {
  const printed = []
  let say
  const told = new Promise((resolve) => { say = resolve })
  Object.assign(globalThis, host((text) => { printed.push(String(text)); say() }))
  try {
    (0, eval)(source)
    if (isAsync) await Promise.race([told, new Promise((resolve) => { setTimeout(resolve, 10_000) })])
  } catch (error) {
    return { threw: error?.constructor?.name ?? typeof error, text: String(error?.message ?? error).slice(0, 500), printed }
  }
  return { printed }
}

http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://bot')
  // A bot is deployed that takes webhooks.
  if (pathname === '/webhook') return response.end(searchParams.get('hub.challenge') ?? '')
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', async () => {
    const { source, isAsync } = JSON.parse(Buffer.concat(parts))
    const ended = await run(source, isAsync)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(ended))
  })
}).listen(process.env.PORT ?? 3000)
