const { createOpenAI } = require('@ai-sdk/openai')
const { generateText, streamText, tool, jsonSchema, embed } = require('ai')
const { failure, serve } = require('../checks')

const openai = createOpenAI({ apiKey: 'sk-a' })
serve({
  checks: {
    generate: () => generateText({ model: openai.chat('gpt-x'), prompt: 'olá', maxRetries: 0 }).then(({ text, finishReason }) => [text, finishReason]),
    stream: async () => { let text = ''; for await (const part of streamText({ model: openai.chat('gpt-x'), prompt: 'olá', maxRetries: 0 }).textStream) text += part; return text },
    tool: () => generateText({ model: openai.chat('gpt-x'), prompt: 'olá', maxRetries: 0, tools: { when: tool({ description: 'x', inputSchema: jsonSchema({ type: 'object', properties: {} }) }) } }).then(({ toolCalls }) => toolCalls.map(({ toolName, input }) => [toolName, input])),
    embed: () => embed({ model: openai.textEmbeddingModel('e'), value: 'a', maxRetries: 0 }).then(({ embedding }) => embedding),
    failure: () => failure(() => generateText({ model: openai.chat('limited'), prompt: 'x', maxRetries: 0 })).then(({ failed }) => [failed.name, failed.message]),
  },
})
