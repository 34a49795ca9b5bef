export interface Conversation {
  id: string
  waId?: string
  userId?: string
  name?: string
  /** What decides how the contact's next message is understood. */
  state?: string
}

/** What the host keeps of each contact. Only inside Roost. */
export interface Conversations {
  get(contact: string): Promise<Conversation>
  setState(contact: string, state: string): Promise<void>
  clearState(contact: string): Promise<void>
}
