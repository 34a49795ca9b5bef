/** Something that went out. */
export interface Sent {
  /** Meta's id of the message (`wamid.…`); status events carry it. */
  messageId: string
  /** The recipient's WhatsApp id, when Meta named it. */
  waId?: string
}

/** Where media comes from: an https address, an id of Meta's, or an object that says which. */
export type MediaSource = string | { id: string } | { link: string }

export interface ReplyOptions {
  /** The id of a message to quote. */
  replyTo?: string
}

export interface TextOptions extends ReplyOptions {
  /** Whether WhatsApp shows a preview of the first link. */
  previewUrl?: boolean
}

export interface ButtonsMessage extends ReplyOptions {
  header?: string | { text: string } | { image: MediaSource } | { video: MediaSource } | { document: MediaSource }
  body: string
  footer?: string
  /** One to three; a text is id and title at once. */
  buttons: (string | { id: string, title: string })[]
}

export interface ListRow { id: string, title: string, description?: string }

export interface ListMessage extends ReplyOptions {
  header?: string
  body: string
  footer?: string
  /** The label that opens the list. */
  button: string
  sections?: { title?: string, rows: ListRow[] }[]
  /** Instead of `sections`, when there is one without a title. */
  rows?: ListRow[]
}

export type MediaMessage = ReplyOptions & ({ id: string } | { link: string }) & {
  kind: 'image' | 'video' | 'audio' | 'document' | 'sticker'
  caption?: string
  filename?: string
}

export interface TemplateMessage {
  name: string
  /** For instance `en_US`. */
  language: string
  components?: {
    type: 'header' | 'body' | 'button'
    sub_type?: string
    index?: number
    /** Texts, or parameters as Meta's JSON has them. */
    parameters?: (string | number | Record<string, unknown>)[]
  }[]
}

/** The project's number. */
export interface Whatsapp {
  sendText(to: string, body: string, options?: TextOptions): Promise<Sent>
  sendButtons(to: string, message: ButtonsMessage): Promise<Sent>
  sendList(to: string, message: ListMessage): Promise<Sent>
  sendMedia(to: string, message: MediaMessage): Promise<Sent>
  sendTemplate(to: string, message: TemplateMessage): Promise<Sent>
  markRead(messageId: string): Promise<void>
  /** Shows that an answer is being written. */
  showTyping(messageId: string): Promise<void>
  /** Any other request of the Graph API; Meta's refusals are answers with their status. */
  request(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<{ status: number, body: any }>
}
