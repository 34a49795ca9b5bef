// The endpoint of a WhatsApp Flow (Meta: "Implementing Endpoints for Flows"): RSA-OAEP-SHA256, then AES-128-GCM with a 16-byte IV, flipped
// for the answer. GET /self makes a key, encrypts a ping as WhatsApp does and hands it to the endpoint. Node: the ping is answered.
const express = require('express'), crypto = require('crypto'), app = express().use(express.json())
let privateKey
const b = (text) => Buffer.from(text, 'base64'), flipped = (iv) => Buffer.from(iv.map((x) => ~x))
function answer({ encrypted_aes_key, encrypted_flow_data, initial_vector }) {
  const key = crypto.privateDecrypt({ key: privateKey, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, b(encrypted_aes_key))
  const data = b(encrypted_flow_data), iv = b(initial_vector), opened = crypto.createDecipheriv('aes-128-gcm', key, iv)
  opened.setAuthTag(data.subarray(-16))
  const { action } = JSON.parse(opened.update(data.subarray(0, -16), undefined, 'utf8') + opened.final('utf8'))
  const sealed = crypto.createCipheriv('aes-128-gcm', key, flipped(iv))
  return Buffer.concat([sealed.update(JSON.stringify({ data: { status: action === 'ping' ? 'active' : '?' } })), sealed.final(), sealed.getAuthTag()]).toString('base64')
}
app.post('/flow', (req, res) => { try { res.type('text').send(answer(req.body)) } catch (error) { res.status(421).send(error.message) } })
app.get('/self', (req, res) => {
  try {
    const pair = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }), key = crypto.randomBytes(16), iv = crypto.randomBytes(16)
    privateKey = crypto.createPrivateKey({ key: pair.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }), passphrase: 'secret' })
    const sealed = crypto.createCipheriv('aes-128-gcm', key, iv)
    const encrypted_flow_data = Buffer.concat([sealed.update('{"action":"ping"}'), sealed.final(), sealed.getAuthTag()]).toString('base64')
    const encrypted_aes_key = crypto.publicEncrypt({ key: pair.publicKey, oaepHash: 'sha256' }, key).toString('base64')
    const said = b(answer({ encrypted_aes_key, encrypted_flow_data, initial_vector: iv.toString('base64') }))
    const opened = crypto.createDecipheriv('aes-128-gcm', key, flipped(iv)).setAuthTag(said.subarray(-16))
    res.type('json').send(opened.update(said.subarray(0, -16), undefined, 'utf8') + opened.final('utf8'))
  } catch (error) { console.error(error); res.status(500).send(error.message) }
})
app.get('/webhook', (q, s) => (q.query['hub.verify_token'] === process.env.VERIFY_TOKEN ? s.send(q.query['hub.challenge']) : s.sendStatus(403)))
app.post('/webhook', (q, s) => s.sendStatus(200))
app.listen(process.env.PORT || 3000)
