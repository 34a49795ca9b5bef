// Asks for a name, an email and a topic, and keeps them as a lead.

import { sendList, sendText } from '../messages.ts'
import { saveLead } from '../store.ts'
import type { Conversation, Next, Said } from '../types.ts'

const TOPICS: Record<string, { title: string; description: string }> = {
  consultation: { title: 'Consultation', description: 'Half an hour with one of us' },
  demo: { title: 'Demo', description: 'See the product at work' },
  other: { title: 'Something else', description: 'We call you and listen' },
}

export async function start(conversation: Conversation): Promise<Next> {
  await sendText(conversation, 'What is your name?')
  return { state: 'collect_info' }
}

// What is known so far tells which question this message answers.
export async function answer(conversation: Conversation, message: Said): Promise<Next> {
  const { name, email } = conversation.data
  if (!name) return takeName(conversation, message)
  if (!email) return takeEmail(conversation, message)
  return takeTopic(conversation, message, { name, email })
}

async function takeName(conversation: Conversation, { text }: Said): Promise<Next> {
  if (!text) return start(conversation)
  await sendText(conversation, `Thank you, ${text}. And your email?`)
  return { state: 'collect_info', data: { name: text } }
}

async function takeEmail(conversation: Conversation, { text }: Said): Promise<Next> {
  const { data } = conversation
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) {
    const again = 'That does not look like an email. Please send it again, like ana@example.com.'
    await sendText(conversation, again)
    return { state: 'collect_info', data }
  }
  await askTopic(conversation)
  return { state: 'collect_info', data: { ...data, email: text.toLowerCase() } }
}

async function askTopic(conversation: Conversation): Promise<void> {
  const rows = Object.entries(TOPICS).map(([id, topic]) => ({ id, ...topic }))
  await sendList(conversation, 'What is it about?', 'Choose', [{ title: 'Topics', rows }])
}

async function takeTopic(
  conversation: Conversation,
  { choice = '' }: Said,
  known: { name: string; email: string },
): Promise<Next> {
  const topic = TOPICS[choice]
  if (!topic) {
    await askTopic(conversation)
    return { state: 'collect_info', data: known }
  }
  const lead = { ...known, topic: topic.title }
  await saveLead(conversation.contact, lead)
  const summary = `Done! We will write to you.\nName: ${lead.name}\nEmail: ${lead.email}\nTopic: ${lead.topic}`
  await sendText(conversation, summary)
  return { state: 'menu' }
}
