const crypto = require('node:crypto')
const { WhatsAppClient } = require('@kapso/whatsapp-cloud-api')
const { normalizeWebhook, verifySignature } = require('@kapso/whatsapp-cloud-api/server')
const { failure, serve } = require('../checks')

const { PHONE_NUMBER_ID, WHATSAPP_TOKEN } = process.env
const CUSTOMER = process.env.CUSTOMER ?? '15551000001'
const client = () => new WhatsAppClient({ accessToken: WHATSAPP_TOKEN, graphVersion: 'v25.0' })
serve({
  checks: {
    text: () => client().messages.sendText({ phoneNumberId: PHONE_NUMBER_ID, to: CUSTOMER, body: 'olá' }).then(({ messages, contacts }) => [messages.length, contacts[0].input === CUSTOMER]),
    buttons: () => client().messages.sendInteractiveButtons({ phoneNumberId: PHONE_NUMBER_ID, to: CUSTOMER, bodyText: 'choose', buttons: [{ id: 'a', title: 'A' }] }).then(({ messages }) => messages.length),
    invalid: () => failure(() => client().messages.sendText({ phoneNumberId: PHONE_NUMBER_ID, to: CUSTOMER })).then(({ failed }) => failed.name),
    signature: () => { const rawBody = '{"a":1}'; const hex = crypto.createHmac('sha256', 's').update(rawBody).digest('hex'); return [verifySignature({ appSecret: 's', rawBody, signatureHeader: `sha256=${hex}` }), verifySignature({ appSecret: 's', rawBody, signatureHeader: 'sha256=00' })] },
    webhook: () => normalizeWebhook({ object: 'whatsapp_business_account', entry: [{ changes: [{ field: 'messages', value: { metadata: { phone_number_id: '1' }, contacts: [{ wa_id: '2' }], messages: [{ from: '2', id: 'w', type: 'text', text: { body: 'x' } }] } }] }] }).messages.length,
  },
})
