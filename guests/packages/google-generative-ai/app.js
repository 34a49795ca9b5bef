const { GoogleGenerativeAI } = require('@google/generative-ai')
const { failure, serve } = require('../checks')

const model = (name = 'gemini-x') => new GoogleGenerativeAI('key').getGenerativeModel({ model: name })
serve({
  checks: {
    generate: () => model().generateContent('olá').then(({ response }) => [response.text(), response.usageMetadata]),
    stream: async () => { let text = ''; for await (const part of (await model().generateContentStream('olá')).stream) text += part.text(); return text },
    chat: async () => { const chat = model().startChat({ history: [{ role: 'user', parts: [{ text: 'a' }] }, { role: 'model', parts: [{ text: 'b' }] }] }); await chat.sendMessage('c'); return (await chat.getHistory()).map(({ role }) => role) },
    failure: () => failure(() => model('bad').generateContent('x')).then(({ failed }) => [failed.name, failed.message]),
    count: () => model().countTokens('a b').then(({ totalTokens }) => totalTokens),
  },
})
