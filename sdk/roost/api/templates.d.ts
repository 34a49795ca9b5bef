import type { MediaSource, Sent } from './whatsapp.js'

/** A template in one language, as Meta has it. */
export interface Template {
  /** Meta's id of it. */
  id: string
  name: string
  /** For instance `en_US`. */
  language: string
  category: string
  /** `APPROVED`, `PENDING`, `REJECTED`, `PAUSED` and so on. */
  status: string
  /** Why it cannot be sent, and what to do. */
  told?: string
  /** As Meta's JSON has them. */
  components: Record<string, unknown>[]
}

/** Texts for variables: in order, by name, or one. */
export type TemplateTexts = string | number | (string | number)[] | Record<string, string | number>

/** What stands above the text; anything else is a parameter as Meta's JSON has it. */
export type TemplateHeader =
  | string | number | { text: string, name?: string }
  | { image: MediaSource } | { video: MediaSource } | { document: MediaSource, filename?: string }
  | { type: string, [member: string]: unknown }

/** What a button is given: a text, or a parameter as Meta's JSON has it. `undefined` where it takes nothing. */
export type TemplateButton = string | number | Record<string, unknown> | undefined

export interface TemplateCard {
  header?: TemplateHeader
  body?: TemplateTexts
  /** By place. */
  buttons?: TemplateButton[] | Record<number, TemplateButton>
}

export interface TemplateValues extends TemplateCard {
  /** Needed when the template is there in several languages. */
  language?: string
  /** The cards of a carousel, in order. */
  cards?: TemplateCard[]
  /** When a limited-time offer ends. */
  expiresAt?: Date | number
}

/** The project's templates. */
export interface Templates {
  list(): Promise<Template[]>
  /** Sends a template by its name. The host compares it with what Meta has: an error with the code `unfit` says what does not fit. */
  send(to: string, name: string, values?: TemplateValues): Promise<Sent>
}
