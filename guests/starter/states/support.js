// Answers questions until the contact asks for the menu.

const { sendText } = require('../services/messages')

const ANSWERS = [
  [/\b(hours?|open|when)\b/i, 'We are open from Monday to Friday, 9 to 18.'],
  [/\b(price|cost|much)\b/i, 'Prices start at 20 a month.'],
  [/\b(human|person|agent)\b/i, 'A person will read this conversation and answer here.'],
]

async function start(conversation) {
  const text = 'Ask us anything. Write "menu" to go back.'
  await sendText(conversation.id, conversation.contact, text)
  return { state: 'support' }
}

async function answer(conversation, message) {
  // Loaded here because the menu loads this module.
  if (/^menu$/i.test(message.text)) return require('./menu').show(conversation)

  const found = ANSWERS.find(([question]) => question.test(message.text))
  const text = found?.[1] ?? 'I do not know that. Ask about hours or prices, or write "menu".'
  await sendText(conversation.id, conversation.contact, text)
  return { state: 'support' }
}

module.exports = { start, answer }
