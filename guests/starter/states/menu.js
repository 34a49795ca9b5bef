// The start: greets, and hands over to what the contact picks.

const db = require('../services/dbServices')
const { sendButtons, sendText } = require('../services/messages')
const collectInfo = require('./collect_info')
const support = require('./support')

async function answer(conversation, message) {
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

async function show(conversation) {
  const greeting = conversation.name ? `Hello ${conversation.name}!` : 'Hello!'
  await sendButtons(conversation.id, conversation.contact, `${greeting} What can we do for you?`, [
    { id: 'book', title: 'Book' },
    { id: 'details', title: 'My details' },
    { id: 'support', title: 'Support' },
  ])
  return { state: 'menu' }
}

async function showDetails(conversation) {
  const lead = await db.latestLead(conversation.contact)
  const text = lead
    ? `Your name: ${lead.name}\nYour email: ${lead.email}\nYour topic: ${lead.topic}`
    : 'We have nothing on you yet. Choose Book to leave your details.'
  await sendText(conversation.id, conversation.contact, text)
  return { state: 'menu' }
}

module.exports = { answer, show }
