// The webhook: Meta's events in, one state's answer out.

const express = require('express')
const db = require('../services/dbServices')
const { markAsRead } = require('../services/messages')

// What a conversation's state may be. Each module answers one message:
// `answer(conversation, message)` sends what it wants and returns the next state.
const states = {
  menu: require('../states/menu'),
  collect_info: require('../states/collect_info'),
  support: require('../states/support'),
}

const router = express.Router()

router.get('/', (req, res) => {
  const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = req.query
  if (mode !== 'subscribe' || token !== process.env.VERIFY_TOKEN) return res.sendStatus(403)
  res.type('text/plain').send(challenge)
})

// Answers 200 when the work is done: after an error Meta delivers the event again.
router.post('/', async (req, res) => {
  for (const { value } of (req.body.entry ?? []).flatMap((entry) => entry.changes ?? [])) {
    for (const message of value.messages ?? []) await handle(message, nameOf(message, value))
  }
  res.sendStatus(200)
})

async function handle(message, name) {
  const conversation = await db.findOrCreateConversation(message.from, name)
  const isNew = await db.logInbound(conversation.id, message)
  if (!isNew) return

  await markAsRead(message.id)
  const state = states[conversation.state] ?? states.menu
  const next = await state.answer(conversation, read(message))
  await db.finish(conversation.id, message.id, next)
}

// What the contact said or tapped, whatever kind of message it came in. `content` is what its type has: the id and
// type of a file, a place, the products of an order; `form` is what was entered in a Flow or an address form.
function read(message) {
  const { type, interactive } = message
  const reply = interactive?.button_reply ?? interactive?.list_reply
  const content = message[type] ?? {}
  const text = message.text?.body ?? message.button?.text ?? reply?.title ?? content.caption ?? ''
  const form = interactive?.nfm_reply && JSON.parse(interactive.nfm_reply.response_json)
  const choice = reply?.id ?? message.button?.payload
  return { id: message.id, from: message.from, type, text: text.trim(), choice, content, form }
}

function nameOf(message, value) {
  return value.contacts?.find((contact) => contact.wa_id === message.from)?.profile?.name ?? null
}

module.exports = router
