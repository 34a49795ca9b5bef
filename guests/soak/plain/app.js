// Answers each message with two of its own, in order, by plain HTTP to Meta; no framework.

const http = require('node:http')
const { PHONE_NUMBER_ID, PORT, VERIFY_TOKEN, WHATSAPP_TOKEN } = process.env

http.createServer(async (request, response) => {
  const { searchParams } = new URL(request.url, 'http://bot')
  if (searchParams.get('hub.verify_token') === VERIFY_TOKEN) return response.end(searchParams.get('hub.challenge'))
  const parts = []
  for await (const part of request) parts.push(part)
  const { entry } = JSON.parse(Buffer.concat(parts).toString() || '{"entry":[]}')
  const [message] = entry[0]?.changes[0].value.messages ?? []
  if (message) for (const n of [0, 1]) await send(message.from, `${message.id}|${n}`)
  response.end()
}).listen(PORT)

async function send(to, body) {
  const answer = await fetch(`https://graph.facebook.com/v25.0/${PHONE_NUMBER_ID}/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ messaging_product: 'whatsapp', to, type: 'text', text: { body } }),
  })
  if (!answer.ok) throw new Error(`Meta answered ${answer.status}`)
}
