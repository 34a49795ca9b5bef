// Sends WhatsApp messages, and keeps each one in the conversation's log.

const db = require('./dbServices')

const GRAPH_API_URL = process.env.GRAPH_API_URL ?? 'https://graph.facebook.com'

const sendText = (conversationId, to, body) => send(conversationId, to, 'text', { body })

const sendImage = (conversationId, to, link, caption) =>
  send(conversationId, to, 'image', { link, caption })

const sendDocument = (conversationId, to, link, filename, caption) =>
  send(conversationId, to, 'document', { link, filename, caption })

const sendLocation = (conversationId, to, location) =>
  send(conversationId, to, 'location', location)

/** @param {{ id: string, title: string }[]} buttons one to three; titles of 20 characters at most */
function sendButtons(conversationId, to, body, buttons) {
  return send(conversationId, to, 'interactive', {
    type: 'button',
    body: { text: body },
    action: { buttons: buttons.map((reply) => ({ type: 'reply', reply })) },
  })
}

/** @param {{ title: string, rows: { id: string, title: string, description?: string }[] }[]} sections ten rows in all */
function sendList(conversationId, to, body, button, sections) {
  return send(conversationId, to, 'interactive', {
    type: 'list',
    body: { text: body },
    action: { button, sections },
  })
}

/** Opens a published WhatsApp Flow; `token` comes back with what the contact filled in. */
function sendFlow(conversationId, to, body, { id, cta, token = 'unused' }) {
  return send(conversationId, to, 'interactive', {
    type: 'flow',
    body: { text: body },
    action: {
      name: 'flow',
      parameters: { flow_message_version: '3', flow_id: id, flow_cta: cta, flow_token: token },
    },
  })
}

/** The only kind of message that may open a conversation, or go out after 24 quiet hours. */
function sendTemplate(conversationId, to, name, language, components = []) {
  return send(conversationId, to, 'template', { name, language: { code: language }, components })
}

/** Marks a message of the contact as read, and shows that the bot is typing. */
const markAsRead = (messageId) =>
  post({ status: 'read', message_id: messageId, typing_indicator: { type: 'text' } })

async function send(conversationId, to, type, content) {
  const answer = await post({ recipient_type: 'individual', to, type, [type]: content })
  const id = answer.messages[0].id
  await db.logOutbound(conversationId, id, type, content)
  return id
}

async function post(body) {
  const { PHONE_NUMBER_ID, WHATSAPP_TOKEN } = process.env
  const response = await fetch(`${GRAPH_API_URL}/v25.0/${PHONE_NUMBER_ID}/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ messaging_product: 'whatsapp', ...body }),
  })
  const answer = await response.json()
  if (response.ok) return answer
  throw new Error(`Meta refused the message: ${answer.error?.message ?? response.status}`)
}

module.exports = {
  sendText,
  sendImage,
  sendDocument,
  sendLocation,
  sendButtons,
  sendList,
  sendFlow,
  sendTemplate,
  markAsRead,
}
