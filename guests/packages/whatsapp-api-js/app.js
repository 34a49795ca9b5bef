const crypto = require('node:crypto')
const { failure, serve } = require('../checks')

const { APP_SECRET, PHONE_NUMBER_ID, WHATSAPP_TOKEN } = process.env
const load = async () => ({ ...(await import('whatsapp-api-js')), ...(await import('whatsapp-api-js/messages')) })
const api = async () => new (await load()).WhatsAppAPI({ token: WHATSAPP_TOKEN, appSecret: APP_SECRET, v: 'v25.0', webhookVerifyToken: 'a-word' })
// What Meta names anew each time is left out.
const told = ({ messages, contacts, error, ...rest }) => ({ ...rest, error: error?.code, sent: messages?.length, to: contacts?.[0]?.input === CUSTOMER })
const CUSTOMER = process.env.CUSTOMER ?? '15551000001'
const webhook = { object: 'whatsapp_business_account', entry: [{ id: '1', changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', metadata: { display_phone_number: '1', phone_number_id: PHONE_NUMBER_ID }, contacts: [{ profile: { name: 'Ana' }, wa_id: CUSTOMER }], messages: [{ from: CUSTOMER, id: 'wamid.1', timestamp: '1', type: 'text', text: { body: 'olá' } }] } }] }] }
serve({
  checks: {
    text: async () => { const { Text } = await load(); return told(await (await api()).sendMessage(PHONE_NUMBER_ID, CUSTOMER, new Text('olá'))) },
    build: async () => { const { ActionButtons, Body, Button, Interactive } = await load(); return new Interactive(new ActionButtons(new Button('a', 'A'), new Button('b', 'B')), new Body('choose')) },
    invalid: async () => { const { Text } = await load(); return failure(() => new Text('x'.repeat(5000))) },
    otherNumber: async () => { const { Text } = await load(); const answer = await (await api()).sendMessage('1', CUSTOMER, new Text('x')); return typeof answer.error?.code },
    post: async () => { const whatsapp = await api(); whatsapp.on.message = ({ name, message }) => [name, message.text.body]; const text = JSON.stringify(webhook); return whatsapp.post(webhook, text, crypto.createHmac('sha256', APP_SECRET).update(text).digest('hex')) },
    forged: async () => { const whatsapp = await api(); return failure(() => whatsapp.post(webhook, JSON.stringify(webhook), '00')) },
    get: async () => (await api()).get({ 'hub.mode': 'subscribe', 'hub.verify_token': 'a-word', 'hub.challenge': '7' }),
  },
})
