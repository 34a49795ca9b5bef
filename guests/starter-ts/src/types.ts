// What the parts of the bot hand to each other.

export interface Conversation {
  id: string
  contact: string
  state: string
  data: Partial<Lead>
  name: string | null
}

export interface Lead {
  name: string
  email: string
  topic: string
}

/** What the contact said or tapped, whatever kind of message it came in. */
export interface Said {
  id: string
  from: string
  text: string
  choice?: string
}

export interface Next {
  state: string
  data?: Partial<Lead>
}

export interface State {
  answer(conversation: Conversation, message: Said): Promise<Next>
}

/** A message as Meta's webhook has it, as far as this bot reads it. */
export interface Incoming {
  id: string
  from: string
  type: string
  text?: { body: string }
  button?: { text: string }
  interactive?: { button_reply?: Reply; list_reply?: Reply }
  [content: string]: unknown
}

interface Reply {
  id: string
  title: string
}

export interface Change {
  messages?: Incoming[]
  contacts?: { wa_id: string; profile?: { name?: string } }[]
}
