import type { MediaSource, ReplyOptions, Sent } from './messages.js'

/** A message that opens a Flow of the project's. */
export interface OwnFlowMessage extends ReplyOptions {
  /** The project's name for the Flow: `flows/NAME.json`. */
  flow: string
  header?: string | { text: string } | { image: MediaSource } | { video: MediaSource } | { document: MediaSource }
  body: string
  footer?: string
  /** The label that opens it, at most 30 characters. */
  button: string
  /** The screen that opens first; without one the data endpoint says which, or it is the Flow's first. */
  screen?: string
  /** What that screen's data are. */
  data?: Record<string, unknown>
  /** Opens the draft, which was not published: for tests. */
  draft?: boolean
  /** What you want to know this one by; it comes back with the answer, and nobody else sees it. */
  reference?: string
  /** For how many seconds its data endpoint takes requests; 30 days without it. */
  expiresIn?: number
}

export interface SentFlow extends Sent {
  /** In each data request, and in the answer. */
  token: string
}

/** What a person entered in a Flow. */
export interface FlowAnswer<Data = Record<string, unknown>> {
  /** The project's name for the Flow; absent when this contact was sent no such Flow by the host. */
  flow?: string
  data: Data
  token?: string
  /** The contact's WhatsApp id. */
  contact: string
  /** What you wanted to know it by. */
  reference?: string
  sentAt?: Date
  /** Whether nobody asked about this answer before. */
  isFirst: boolean
}

/** What a Flow asks its data endpoint. */
export interface FlowRequest<Data = Record<string, unknown>> {
  action: 'INIT' | 'data_exchange' | 'BACK'
  screen?: string
  data: Data
  token?: string
  /** Of the data API. */
  version: string
  /** The project's name for the Flow. */
  flow?: string
  /** Whom it was sent to, when the host sent it. */
  contact?: string
  reference?: string
}

/** The next screen. */
export interface FlowScreen { screen: string, data: Record<string, unknown> }

/** The project's Flows. */
export interface Flows {
  send(to: string, message: OwnFlowMessage): Promise<SentFlow>
  /** What a person entered, of an inbound message; nothing when it is no answer of a Flow. */
  answer<Data = Record<string, unknown>>(message: unknown): Promise<FlowAnswer<Data> | undefined>
  /** Has the data endpoint refuse further requests with this token. */
  withdraw(token: string): Promise<boolean>
  /** A route for the Flow's data requests, which the host decrypts: `app.post('/flows/booking', flows.endpoint(handle))`. */
  endpoint(handle: (request: FlowRequest) => FlowScreen | Error | Promise<FlowScreen | Error>):
    (req: any, res: any, next?: (error?: unknown) => void) => Promise<void>
  screen(screen: string, data?: Record<string, unknown>): FlowScreen
  /** Ends the Flow; the params are its answer. */
  finish(request: FlowRequest, params?: Record<string, unknown>): FlowScreen
  /** What a handler gives when the request comes too late: people read the text. */
  over(message: string): Error
}
