const twilio = require('twilio')
const { failure, serve } = require('../checks')

const SID = 'AC00000000000000000000000000000000'
serve({
  checks: {
    send: () => twilio(SID, 'token').messages.create({ from: 'whatsapp:+1', to: 'whatsapp:+2', body: 'olá' }).then(({ sid, status, to, body }) => [sid, status, to, body]),
    fetch: () => twilio(SID, 'token').messages('SM1').fetch().then(({ sid }) => sid),
    error: () => failure(() => twilio(SID, 'bad').messages('SM1').fetch()).then(({ failed }) => [failed.name, failed.message, failed.code]),
    twiml: () => { const { MessagingResponse } = twilio.twiml; const answer = new MessagingResponse(); answer.message({ to: '+1' }, 'olá & <tchau>'); return answer.toString() },
    voice: () => { const answer = new twilio.twiml.VoiceResponse(); answer.gather({ numDigits: 1 }).say('press'); return answer.toString() },
    signature: () => [twilio.validateRequest('token', 'x', 'https://a.example', { a: '1' }), twilio.getExpectedTwilioSignature('token', 'https://a.example', { a: '1' })],
    invalid: () => failure(() => twilio('x', 'y')).then(({ failed }) => failed.message),
  },
})
