// What a Flow's endpoint does with its private key, and a Google service account with its own. Node: the text comes back, and the signature holds.
const crypto = require('crypto')
const works = () => {
  const { privateKey, publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
  const sealed = crypto.publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, Buffer.from('a key'))
  const opened = crypto.privateDecrypt({ key: privateKey, oaepHash: 'sha256' }, sealed).toString()
  const signature = crypto.createSign('RSA-SHA256').update('x').sign(privateKey)
  return { opened, holds: crypto.createVerify('RSA-SHA256').update('x').verify(publicKey, signature) }
}
require('http').createServer((req, res) => {
  const url = new URL(req.url, 'http://x')
  if (url.pathname !== '/') return res.end(url.searchParams.get('hub.challenge') ?? 'x')
  try { res.end(JSON.stringify(works())) } catch (error) { console.error(error); res.writeHead(500).end(error.message) }
}).listen(3000)
