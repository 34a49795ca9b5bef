// Sends WhatsApp messages, and keeps each one in the conversation's log.

const db = require('./dbServices')

const GRAPH_API_URL = process.env.GRAPH_API_URL ?? 'https://graph.facebook.com'

/** A text; `preview` shows the page behind its first link. */
const sendText = (conversationId, to, body, { preview = false } = {}) =>
  send(conversationId, to, 'text', preview ? { body, preview_url: true } : { body })

// Media: `link` is an address that Meta fetches, or an object such as { id } of a file that was uploaded.

const sendImage = (conversationId, to, link, caption) =>
  send(conversationId, to, 'image', { ...media(link), caption })

const sendVideo = (conversationId, to, link, caption) =>
  send(conversationId, to, 'video', { ...media(link), caption })

const sendAudio = (conversationId, to, link) => send(conversationId, to, 'audio', media(link))

/** Looks as if it was recorded in the chat: OGG with Opus only. */
const sendVoice = (conversationId, to, link) =>
  send(conversationId, to, 'audio', { ...media(link), voice: true })

const sendDocument = (conversationId, to, link, filename, caption) =>
  send(conversationId, to, 'document', { ...media(link), filename, caption })

const sendSticker = (conversationId, to, link) => send(conversationId, to, 'sticker', media(link))

const media = (link) => (typeof link === 'string' ? { link } : link)

/** @param {{ latitude: number, longitude: number, name?: string, address?: string }} location */
const sendLocation = (conversationId, to, location) =>
  send(conversationId, to, 'location', location)

/** @param {{ name: { formatted_name: string, first_name: string }, phones?: object[] }[]} contacts */
const sendContacts = (conversationId, to, contacts) =>
  send(conversationId, to, 'contacts', contacts)

/** An emoji on a message of the contact; an empty one takes it back. */
const sendReaction = (conversationId, to, messageId, emoji) =>
  send(conversationId, to, 'reaction', { message_id: messageId, emoji })

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

/** A button that opens an address. */
const sendLink = (conversationId, to, body, title, url) =>
  sendAction(conversationId, to, 'cta_url', body, {
    name: 'cta_url',
    parameters: { display_text: title, url },
  })

/** Opens a published WhatsApp Flow; `token` comes back with what the contact filled in. */
const sendFlow = (conversationId, to, body, { id, cta, token = 'unused' }) =>
  sendAction(conversationId, to, 'flow', body, {
    name: 'flow',
    parameters: { flow_message_version: '3', flow_id: id, flow_cta: cta, flow_token: token },
  })

/** One product of the catalog that the number is connected to. */
const sendProduct = (conversationId, to, body, catalogId, product) =>
  sendAction(conversationId, to, 'product', body, {
    catalog_id: catalogId,
    product_retailer_id: product,
  })

/** @param {{ title: string, products: string[] }[]} sections thirty products in all */
function sendProducts(conversationId, to, header, body, catalogId, sections) {
  return send(conversationId, to, 'interactive', {
    type: 'product_list',
    header: { type: 'text', text: header },
    body: { text: body },
    action: {
      catalog_id: catalogId,
      sections: sections.map(({ title, products }) => ({
        title,
        product_items: products.map((id) => ({ product_retailer_id: id })),
      })),
    },
  })
}

/** A button that opens the number's catalog. */
const sendCatalog = (conversationId, to, body) =>
  sendAction(conversationId, to, 'catalog_message', body, { name: 'catalog_message' })

/** @param {{ image: string, body?: string, title: string, url: string }[]} cards two to ten, side by side */
function sendCarousel(conversationId, to, body, cards) {
  return sendAction(conversationId, to, 'carousel', body, {
    cards: cards.map((card, index) => ({
      card_index: index,
      type: 'cta_url',
      header: { type: 'image', image: { link: card.image } },
      ...(card.body && { body: { text: card.body } }),
      action: { name: 'cta_url', parameters: { display_text: card.title, url: card.url } },
    })),
  })
}

/** Asks where the contact is; the answer is a location. */
const requestLocation = (conversationId, to, body) =>
  sendAction(conversationId, to, 'location_request_message', body, { name: 'send_location' })

/** Asks for a postal address; Meta has it for businesses and customers in India. */
const requestAddress = (conversationId, to, body, country = 'IN') =>
  sendAction(conversationId, to, 'address_message', body, {
    name: 'address_message',
    parameters: { country },
  })

/** Asks for the phone number of somebody who hides it. */
const requestContact = (conversationId, to, body) =>
  sendAction(conversationId, to, 'request_contact_info', body, { name: 'request_contact_info' })

/** Asks whether the business may call. */
const requestCallPermission = (conversationId, to, body) =>
  sendAction(conversationId, to, 'call_permission_request', body, {
    name: 'call_permission_request',
  })

/** A button that calls the business on WhatsApp. */
const sendCallButton = (conversationId, to, body, title) =>
  sendAction(conversationId, to, 'voice_call', body, {
    name: 'voice_call',
    parameters: { display_text: title },
  })

const sendAction = (conversationId, to, type, body, action) =>
  send(conversationId, to, 'interactive', { type, body: { text: body }, action })

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
  sendVideo,
  sendAudio,
  sendVoice,
  sendDocument,
  sendSticker,
  sendLocation,
  sendContacts,
  sendReaction,
  sendButtons,
  sendList,
  sendLink,
  sendFlow,
  sendProduct,
  sendProducts,
  sendCatalog,
  sendCarousel,
  requestLocation,
  requestAddress,
  requestContact,
  requestCallPermission,
  sendCallButton,
  sendTemplate,
  markAsRead,
}
