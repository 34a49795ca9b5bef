// WhatsApp Web by a socket, which the Cloud API has nothing to do with. To be refused by its name, with what to use instead.
const { default: makeWASocket, useMultiFileAuthState } = require('@whiskeysockets/baileys')
async function start() {
  const { state, saveCreds } = await useMultiFileAuthState('auth')
  const sock = makeWASocket({ auth: state })
  sock.ev.on('creds.update', saveCreds)
  sock.ev.on('messages.upsert', async ({ messages }) => sock.sendMessage(messages[0].key.remoteJid, { text: 'hi' }))
}
start()
