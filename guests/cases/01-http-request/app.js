// Answers with Node's own `https.request`, which axios, node-fetch, got and request are made of. Node: the customer gets "hello".
const http = require('http'), https = require('https')
http.createServer((req, res) => {
  if (req.method === 'GET') return res.end(new URL(req.url, 'http://x').searchParams.get('hub.challenge') ?? 'hi')
  let text = ''
  req.on('data', (part) => { text += part }).on('end', () => {
    const to = JSON.parse(text).entry[0].changes[0].value.messages?.[0].from
    if (!to) return res.end('ok')
    const headers = { Authorization: `Bearer ${process.env.WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' }
    const call = https.request(`https://graph.facebook.com/v25.0/${process.env.PHONE_NUMBER_ID}/messages`, { method: 'POST', headers }, (answer) => {
      console.log('status', answer.statusCode)
      answer.resume().on('end', () => res.end('ok'))
    })
    call.on('error', (error) => { console.log('error', error.message); res.end('error') })
    call.end(JSON.stringify({ messaging_product: 'whatsapp', to, text: { body: 'hello' } }))
  })
}).listen(3000)
