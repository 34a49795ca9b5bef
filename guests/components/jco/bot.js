// A WhatsApp bot for jco: `fetch` events in, `fetch` to Meta out.
//
// The token in the environment is a placeholder. The host puts the project's own in its place, and
// writes each message down before it goes out.
import { get } from 'roost:bot/secrets@0.1.0'
import { fail } from 'roost:bot/event@0.1.0'

addEventListener('fetch', event => event.respondWith(handle(event.request)))

async function handle(request) {
  const url = new URL(request.url)
  if (url.pathname !== '/webhook') return new Response('there is only /webhook', { status: 404 })
  if (request.method === 'GET') return handshake(url.searchParams)
  const { entry } = await request.json()
  const changes = entry.flatMap(({ changes }) => changes)
  for (const { value } of changes) {
    for (const message of value.messages ?? []) await reply(message)
  }
  return new Response('ok')
}

// What Meta asks once, when the webhook is set up.
function handshake(query) {
  const known = query.get('hub.verify_token') === get('VERIFY_TOKEN')
  return new Response(known ? query.get('hub.challenge') : 'another verify token', { status: known ? 200 : 403 })
}

async function reply(message) {
  const response = await fetch(`https://graph.facebook.com/v25.0/${get('PHONE_NUMBER_ID')}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${get('WHATSAPP_TOKEN')}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      messaging_product: 'whatsapp',
      to: message.from,
      type: 'text',
      text: { body: `You said: ${message.text?.body ?? message.type}` },
    }),
  })
  const answer = await response.json()
  if (response.ok) {
    console.log(`replied with ${answer.messages[0].id}`)
  } else {
    // The event is tried again later.
    fail(`Meta answered ${response.status}: ${answer.error?.message}`)
  }
}
