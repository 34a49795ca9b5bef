// Answers questions until the contact asks for the menu.

import { sendText } from '../messages.ts'
import type { Conversation, Next, Said } from '../types.ts'
import { show } from './menu.ts'

const ANSWERS: [RegExp, string][] = [
  [/\b(hours?|open|when)\b/i, 'We are open from Monday to Friday, 9 to 18.'],
  [/\b(price|cost|much)\b/i, 'Prices start at 20 a month.'],
  [/\b(human|person|agent)\b/i, 'A person will read this conversation and answer here.'],
]

export async function start(conversation: Conversation): Promise<Next> {
  await sendText(conversation, 'Ask us anything. Write "menu" to go back.')
  return { state: 'support' }
}

export async function answer(conversation: Conversation, message: Said): Promise<Next> {
  if (/^menu$/i.test(message.text)) return show(conversation)

  const found = ANSWERS.find(([question]) => question.test(message.text))
  const text = found?.[1] ?? 'I do not know that. Ask about hours or prices, or write "menu".'
  await sendText(conversation, text)
  return { state: 'support' }
}
