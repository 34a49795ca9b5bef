const OpenAI = require('openai')
const { failure, serve } = require('../../checks')

const client = new OpenAI({ apiKey: 'sk-a', maxRetries: 0 })
const messages = [{ role: 'user', content: 'olá' }]
serve({
  checks: {
    chat: () => client.chat.completions.create({ model: 'gpt-x', messages }).then(({ choices, usage }) => [choices[0].message, usage.total_tokens]),
    stream: async () => { let text = ''; for await (const part of await client.chat.completions.create({ model: 'gpt-x', messages, stream: true })) text += part.choices[0]?.delta?.content ?? ''; return text },
    tools: () => client.chat.completions.create({ model: 'gpt-x', messages, tools: [{ type: 'function', function: { name: 'when', parameters: {} } }] }).then(({ choices }) => choices[0].message.tool_calls),
    embeddings: () => client.embeddings.create({ model: 'e', input: ['a'], encoding_format: 'float' }).then(({ data }) => data[0].embedding),
    transcription: async () => client.audio.transcriptions.create({ model: 'w', file: await OpenAI.toFile(Buffer.from('sound'), 'a.ogg', { type: 'audio/ogg' }) }).then(({ text }) => text),
    unauthorized: () => failure(() => new OpenAI({ apiKey: 'bad', maxRetries: 0 }).models.list()).then(({ failed }) => failed),
    limited: () => failure(() => client.chat.completions.create({ model: 'limited', messages })).then(({ failed }) => [failed.message, failed.code]),
    errorClass: async () => { try { await client.chat.completions.create({ model: 'limited', messages }) } catch (error) { return [error instanceof OpenAI.APIError, error instanceof OpenAI.RateLimitError, error.constructor.name, error.status] } },
    retries: () => new OpenAI({ apiKey: 'sk-a', maxRetries: 2 }).models.retrieve('flaky').then(({ id }) => id),
    timeout: () => failure(() => client.models.retrieve('slow', { timeout: 200 })).then(({ failed }) => [failed.name, failed.message]),
    responses: () => client.responses.create({ model: 'gpt-x', input: 'olá' }).then(({ output_text }) => output_text),
    models: async () => { const ids = []; for await (const { id } of client.models.list()) ids.push(id); return ids },
  },
})
