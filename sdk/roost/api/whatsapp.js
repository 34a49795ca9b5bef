/** The project's number. */
import { buttonsMessage, listMessage, mediaMessage, templateMessage, textMessage } from '../messages.js'

export function makeWhatsapp(call) {
  return {
    async sendText(to, body, options) { return call('whatsapp.send-text', textMessage(to, body, options)) },
    async sendButtons(to, message) { return call('whatsapp.send-buttons', buttonsMessage(to, message)) },
    async sendList(to, message) { return call('whatsapp.send-list', listMessage(to, message)) },
    async sendMedia(to, message) { return call('whatsapp.send-media', mediaMessage(to, message)) },
    async sendTemplate(to, message) { return call('whatsapp.send-template', templateMessage(to, message)) },
    async markRead(messageId) { return call('whatsapp.mark-read', messageId) },
    async showTyping(messageId) { return call('whatsapp.show-typing', messageId) },
    async request(method, path, body) {
      const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
      const answer = await call('whatsapp.request', { method: method.toUpperCase(), path: path.replace(/^\//, ''), body: text })
      return { status: answer.status, body: parsed(answer.body) }
    },
  }
}

function parsed(text) {
  if (text === '' || text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
