// What a phone does with a Flow's data: written with Node's own crypto, so that the host is not compared with itself.
// Reads {publicKey, text} or {answer, key, iv} from standard input, and writes {body, key, iv} or the text.
const crypto = require('node:crypto')

let input = ''
process.stdin.on('data', (chunk) => { input += chunk })
process.stdin.on('end', () => {
  const { publicKey, text, answer, key, iv } = JSON.parse(input)
  process.stdout.write(JSON.stringify(answer === undefined ? sealed(publicKey, text) : opened(answer, key, iv)))
})

function sealed(publicKey, text) {
  const key = crypto.randomBytes(16)
  const iv = crypto.randomBytes(16)
  const cipher = crypto.createCipheriv('aes-128-gcm', key, iv)
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING
  const body = JSON.stringify({
    encrypted_flow_data: data.toString('base64'),
    encrypted_aes_key: crypto.publicEncrypt({ key: publicKey, padding, oaepHash: 'sha256' }, key).toString('base64'),
    initial_vector: iv.toString('base64'),
  })
  return { body, key: key.toString('base64'), iv: iv.toString('base64') }
}

function opened(answer, key, iv) {
  const flipped = Buffer.from(iv, 'base64').map((byte) => ~byte)
  const data = Buffer.from(answer, 'base64')
  const decipher = crypto.createDecipheriv('aes-128-gcm', Buffer.from(key, 'base64'), flipped)
  decipher.setAuthTag(data.subarray(-16))
  return Buffer.concat([decipher.update(data.subarray(0, -16)), decipher.final()]).toString('utf8')
}
