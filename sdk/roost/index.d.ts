import type { Conversations } from './api/conversations.js'
import type { Database } from './api/database.js'
import type { Flows } from './api/flows.js'
import type { Log } from './api/log.js'
import type { Media } from './api/media.js'
import type { Secrets } from './api/secrets.js'
import type { Templates } from './api/templates.js'
import type { Whatsapp } from './api/whatsapp.js'

export * from './api/conversations.js'
export * from './api/database.js'
export * from './api/flows.js'
export * from './api/log.js'
export * from './api/media.js'
export * from './api/messages.js'
export * from './api/secrets.js'
export * from './api/templates.js'
export * from './api/whatsapp.js'

export const conversations: Conversations
export const database: Database
export const flows: Flows
export const log: Log
export const media: Media
export const secrets: Secrets
export const templates: Templates
export const whatsapp: Whatsapp

export class RoostError extends Error {
  /** What went wrong: `rejected`, `rate-limited`, `unreachable`, `denied`, `invalid`, `unfit`, `not-kept`, `sql`, `timeout` and so on. */
  code: string
  /** Meta's error code, of `rejected` and `rate-limited`. */
  graphCode?: number
  /** The HTTP status of Meta's answer. */
  status?: number
  /** Of `sql`. */
  sqlstate?: string
  [detail: string]: unknown
}
