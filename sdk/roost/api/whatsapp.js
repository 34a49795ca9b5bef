/** The project's number. */
import { functionOf, makeSends } from '../messages.js'

export function makeWhatsapp(call) {
  const showTyping = async (messageId) => call('whatsapp.show-typing', messageId)
  return {
    ...makeSends((name, message) => call(functionOf(name), message)),
    async markRead(messageId) { return call('whatsapp.mark-read', messageId) },
    showTyping,
    typing: showTyping,
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
