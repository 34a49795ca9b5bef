const { serve } = require('../checks')

serve({
  checks: {
    load: async () => Object.keys(await import('langchain')).filter((name) => ['createAgent', 'tool', 'initChatModel'].includes(name)).sort(),
    agent: async () => {
      const { createAgent, tool } = await import('langchain')
      const { ChatOpenAI } = require('@langchain/openai')
      const agent = createAgent({ model: new ChatOpenAI({ apiKey: 'sk-a', model: 'gpt-x', maxRetries: 0 }), tools: [] })
      const { messages } = await agent.invoke({ messages: [{ role: 'user', content: 'olá' }] })
      return [typeof tool, messages.at(-1).content]
    },
  },
})
