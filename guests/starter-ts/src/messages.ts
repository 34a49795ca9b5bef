// Sends WhatsApp messages, and keeps each one in the conversation's log.

import { logOutbound } from './store.ts'
import type { Conversation } from './types.ts'

const GRAPH_API_URL = process.env.GRAPH_API_URL ?? 'https://graph.facebook.com'

interface Button {
  id: string
  title: string
}

interface Section {
  title: string
  rows: { id: string; title: string; description?: string }[]
}

export const sendText = (to: Conversation, body: string): Promise<string> => send(to, 'text', { body })

/** One to three buttons, with titles of 20 characters at most. */
export function sendButtons(to: Conversation, body: string, buttons: Button[]): Promise<string> {
  return send(to, 'interactive', {
    type: 'button',
    body: { text: body },
    action: { buttons: buttons.map((reply) => ({ type: 'reply', reply })) },
  })
}

/** Ten rows in all. */
export function sendList(to: Conversation, body: string, button: string, sections: Section[]): Promise<string> {
  return send(to, 'interactive', {
    type: 'list',
    body: { text: body },
    action: { button, sections },
  })
}

/** Marks a message of the contact as read, and shows that the bot is typing. */
export async function markAsRead(messageId: string): Promise<void> {
  await post({ status: 'read', message_id: messageId, typing_indicator: { type: 'text' } })
}

async function send(to: Conversation, type: string, content: object): Promise<string> {
  const answer = await post({ recipient_type: 'individual', to: to.contact, type, [type]: content })
  const id = answer.messages?.[0]?.id ?? ''
  await logOutbound(to.id, id, type, content)
  return id
}

interface Answer {
  messages?: { id: string }[]
  error?: { message?: string }
}

async function post(body: object): Promise<Answer> {
  const { PHONE_NUMBER_ID, WHATSAPP_TOKEN } = process.env
  const response = await fetch(`${GRAPH_API_URL}/v25.0/${PHONE_NUMBER_ID}/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ messaging_product: 'whatsapp', ...body }),
  })
  const answer = (await response.json()) as Answer
  if (response.ok) return answer
  throw new Error(`Meta refused the message: ${answer.error?.message ?? response.status}`)
}
