import type { InboundMessage, MessageStatus, Sends } from './messages.js'

/** The project's number. */
export interface Whatsapp extends Sends {
  /** Marks a received message, and those before it, as read. */
  markRead(messageId: string): Promise<void>
  /** Marks a message as read and shows that an answer is being written, until one is sent or 25 seconds are over. */
  typing(messageId: string): Promise<void>
  /** The same as `typing`. */
  showTyping(messageId: string): Promise<void>
  /** Any other request of the Graph API; Meta's refusals are answers with their status. */
  request(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<{ status: number, body: any }>
}

/**
 * The messages in a webhook's body, in order. None is left out: what has no type here is `unknown`.
 * @example
 * app.post('/webhook', async (req, res) => {
 *   for (const message of messages(req.body)) {
 *     if (message.type === 'location') await book(message.content.latitude, message.content.longitude)
 *     else await whatsapp.sendText(message.from, `You said: ${message.text}`)
 *   }
 *   res.sendStatus(200)
 * })
 */
export function messages(body: unknown): InboundMessage[]

/** The statuses in a webhook's body, in order: what became of messages that went out. */
export function statuses(body: unknown): MessageStatus[]
