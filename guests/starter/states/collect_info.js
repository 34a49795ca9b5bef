// Asks for a name, an email and a topic, and keeps them as a lead.

const db = require('../services/dbServices')
const { sendList, sendText } = require('../services/messages')

const TOPICS = {
  consultation: { title: 'Consultation', description: 'Half an hour with one of us' },
  demo: { title: 'Demo', description: 'See the product at work' },
  other: { title: 'Something else', description: 'We call you and listen' },
}

async function start(conversation) {
  await sendText(conversation.id, conversation.contact, 'What is your name?')
  return { state: 'collect_info' }
}

// What is known so far tells which question this message answers.
async function answer(conversation, message) {
  const { data } = conversation
  if (!data.name) return takeName(conversation, message)
  if (!data.email) return takeEmail(conversation, message)
  return takeTopic(conversation, message)
}

async function takeName(conversation, { text }) {
  if (!text) return start(conversation)
  await sendText(conversation.id, conversation.contact, `Thank you, ${text}. And your email?`)
  return { state: 'collect_info', data: { name: text } }
}

async function takeEmail(conversation, { text }) {
  const { data } = conversation
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) {
    const again = 'That does not look like an email. Please send it again, like ana@example.com.'
    await sendText(conversation.id, conversation.contact, again)
    return { state: 'collect_info', data }
  }
  await askTopic(conversation)
  return { state: 'collect_info', data: { ...data, email: text.toLowerCase() } }
}

async function askTopic(conversation) {
  const rows = Object.entries(TOPICS).map(([id, topic]) => ({ id, ...topic }))
  const sections = [{ title: 'Topics', rows }]
  await sendList(conversation.id, conversation.contact, 'What is it about?', 'Choose', sections)
}

async function takeTopic(conversation, { choice }) {
  const { data } = conversation
  if (!Object.hasOwn(TOPICS, choice ?? '')) {
    await askTopic(conversation)
    return { state: 'collect_info', data }
  }
  const lead = { ...data, topic: TOPICS[choice].title }
  await db.saveLead(conversation.contact, lead)
  const summary = `Done! We will write to you.\nName: ${lead.name}\nEmail: ${lead.email}\nTopic: ${lead.topic}`
  await sendText(conversation.id, conversation.contact, summary)
  return { state: 'menu' }
}

module.exports = { start, answer }
