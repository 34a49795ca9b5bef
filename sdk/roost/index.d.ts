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

export const whatsapp: {
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

export interface Conversation {
  id: string
  waId?: string
  userId?: string
  name?: string
  /** What decides how the contact's next message is understood. */
  state?: string
}

/** Only inside Roost. */
export const conversations: {
  get(contact: string): Promise<Conversation>
  setState(contact: string, state: string): Promise<void>
  clearState(contact: string): Promise<void>
}

export const secrets: {
  get(name: string): Promise<string | undefined>
  names(): Promise<string[]>
}

export const log: Record<'trace' | 'debug' | 'info' | 'warn' | 'error', (...values: unknown[]) => void>

export interface Rows<Row = any> {
  rows: Row[]
  rowCount: number | null
  command: string
  fields: { name: string, dataTypeID: number }[]
}

export interface Transaction {
  query<Row = any>(sql: string, parameters?: unknown[]): Promise<Rows<Row>>
}

export const database: Transaction & {
  /** Commits when `work` resolves, rolls back when it rejects. */
  transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    options?: { isolation?: 'read-committed' | 'repeatable-read' | 'serializable', readOnly?: boolean },
  ): Promise<T>
}

export class RoostError extends Error {
  /** What went wrong: `rejected`, `rate-limited`, `unreachable`, `denied`, `invalid`, `sql`, `timeout` and so on. */
  code: string
  /** Meta's error code, of `rejected` and `rate-limited`. */
  graphCode?: number
  /** The HTTP status of Meta's answer. */
  status?: number
  /** Of `sql`. */
  sqlstate?: string
  [detail: string]: unknown
}
