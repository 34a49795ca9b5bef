const { default: Anthropic } = require('@anthropic-ai/sdk')
const { failure, serve } = require('../checks')

const client = new Anthropic({ apiKey: 'a', maxRetries: 0 })
const given = { model: 'claude-x', max_tokens: 10, messages: [{ role: 'user', content: 'olá' }] }
serve({
  checks: {
    message: () => client.messages.create(given).then(({ content, usage }) => [content, usage.output_tokens]),
    stream: async () => { let text = ''; for await (const event of await client.messages.create({ ...given, stream: true })) text += event.delta?.text ?? ''; return text },
    helper: () => client.messages.stream(given).finalText(),
    failure: () => failure(() => client.messages.create({ ...given, model: 'bad' })).then(({ failed }) => failed),
    errorClass: async () => { try { await client.messages.create({ ...given, model: 'bad' }) } catch (error) { return [error instanceof Anthropic.BadRequestError, error.constructor.name, error.status] } },
  },
})
