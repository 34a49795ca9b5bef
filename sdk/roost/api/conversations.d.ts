export interface Conversation {
  id: string
  waId?: string
  userId?: string
  name?: string
  /** What decides how the contact's next message is understood. */
  state?: string
}

/** What people see of a conversation beside its state. */
export interface ConversationOverview {
  id: string
  /** Whether somebody has to look after it: `snoozed` and `resolved` end with the contact's next message. */
  session: 'open' | 'snoozed' | 'resolved'
  assignee?: string
  labels: string[]
  /** The person who has it in the bot's place. */
  taken?: { since: Date, by?: string, reason?: string }
  /** What the contact said to messages of marketing. */
  consent?: 'opted-in' | 'opted-out'
  /** Until then Meta takes more than templates. */
  windowClosesAt?: Date
  isWindowOpen: boolean
}

/**
 * What the host keeps of each contact, and the people who look after conversations. Only inside Roost. A contact is named
 * by WhatsApp id or user id.
 */
export interface Conversations {
  get(contact: string): Promise<Conversation>
  setState(contact: string, state: string): Promise<void>
  clearState(contact: string): Promise<void>
  overview(contact: string): Promise<ConversationOverview>
  /** Hands the conversation to a person: the bot gets none of its messages until it is released. */
  handOff(contact: string, reason: string): Promise<void>
  /** Takes the conversation back from the person who has it. */
  release(contact: string): Promise<void>
  /** Without a name it is nobody's. */
  assign(contact: string, assignee?: string | null): Promise<void>
  addLabel(contact: string, label: string): Promise<void>
  removeLabel(contact: string, label: string): Promise<void>
  /** For the people who look after the conversation; the contact never sees it. */
  addNote(contact: string, text: string): Promise<void>
  /** Nobody has to look after it until the contact writes again. */
  resolve(contact: string): Promise<void>
  /** Keeps that the contact agreed to messages of marketing, and where they said so. */
  optIn(contact: string, source: string): Promise<void>
  /** Keeps that the contact wants no messages of marketing, and where they said so. */
  optOut(contact: string, source: string): Promise<void>
}
