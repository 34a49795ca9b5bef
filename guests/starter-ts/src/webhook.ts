// The webhook: Meta's events in, one state's answer out.

import express from 'express'
import { markAsRead } from './messages.ts'
import { findOrCreateConversation, finish, logInbound } from './store.ts'
import * as collectInfo from './states/collect_info.ts'
import * as menu from './states/menu.ts'
import * as support from './states/support.ts'
import type { Change, Incoming, Said, State } from './types.ts'

// What a conversation's state may be. Each answers one message: it sends what it wants and returns
// the next state.
const states: Record<string, State> = { menu, collect_info: collectInfo, support }

export const webhook = express.Router()

webhook.get('/', (req, res) => {
  const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = req.query
  if (mode !== 'subscribe' || token !== process.env.VERIFY_TOKEN) {
    res.sendStatus(403)
    return
  }
  res.type('text/plain').send(String(challenge))
})

// Answers 200 when the work is done: after an error Meta delivers the event again.
webhook.post('/', async (req, res) => {
  const entries: { changes?: { value: Change }[] }[] = req.body.entry ?? []
  for (const { value } of entries.flatMap((entry) => entry.changes ?? [])) {
    for (const message of value.messages ?? []) await handle(message, nameOf(message, value))
  }
  res.sendStatus(200)
})

async function handle(message: Incoming, name: string | null): Promise<void> {
  const conversation = await findOrCreateConversation(message.from, name)
  const isNew = await logInbound(conversation.id, message)
  if (!isNew) return

  await markAsRead(message.id)
  const state = states[conversation.state] ?? menu
  const next = await state.answer(conversation, read(message))
  await finish(conversation.id, message.id, next)
}

function read(message: Incoming): Said {
  const reply = message.interactive?.button_reply ?? message.interactive?.list_reply
  const text = message.text?.body ?? message.button?.text ?? reply?.title ?? ''
  return { id: message.id, from: message.from, text: text.trim(), choice: reply?.id }
}

function nameOf(message: Incoming, value: Change): string | null {
  return value.contacts?.find((contact) => contact.wa_id === message.from)?.profile?.name ?? null
}
