// The start: greets, and hands over to what the contact picks.

import { sendButtons, sendText } from '../messages.ts'
import { latestLead } from '../store.ts'
import type { Conversation, Next, Said } from '../types.ts'
import * as collectInfo from './collect_info.ts'
import * as support from './support.ts'

export async function answer(conversation: Conversation, message: Said): Promise<Next> {
  switch (message.choice) {
    case 'book':
      return collectInfo.start(conversation)
    case 'details':
      return showDetails(conversation)
    case 'support':
      return support.start(conversation)
    default:
      return show(conversation)
  }
}

export async function show(conversation: Conversation): Promise<Next> {
  const greeting = conversation.name ? `Hello ${conversation.name}!` : 'Hello!'
  await sendButtons(conversation, `${greeting} What can we do for you?`, [
    { id: 'book', title: 'Book' },
    { id: 'details', title: 'My details' },
    { id: 'support', title: 'Support' },
  ])
  return { state: 'menu' }
}

async function showDetails(conversation: Conversation): Promise<Next> {
  const lead = await latestLead(conversation.contact)
  const text = lead
    ? `Your name: ${lead.name}\nYour email: ${lead.email}\nYour topic: ${lead.topic}`
    : 'We have nothing on you yet. Choose Book to leave your details.'
  await sendText(conversation, text)
  return { state: 'menu' }
}
