const { AIMessage, HumanMessage, SystemMessage } = require('@langchain/core/messages')
const { StringOutputParser } = require('@langchain/core/output_parsers')
const { ChatPromptTemplate, PromptTemplate } = require('@langchain/core/prompts')
const { RunnableLambda, RunnableSequence } = require('@langchain/core/runnables')
const { ChatOpenAI, OpenAIEmbeddings } = require('@langchain/openai')
const { serve } = require('../checks')

const model = new ChatOpenAI({ apiKey: 'sk-a', model: 'gpt-x', maxRetries: 0 })
serve({
  checks: {
    invoke: () => model.invoke([new SystemMessage('be short'), new HumanMessage('olá')]).then(({ content }) => content),
    stream: async () => { let text = ''; for await (const part of await model.stream('olá')) text += part.content; return text },
    chain: () => ChatPromptTemplate.fromMessages([['system', 'a {what}'], ['user', '{text}']]).pipe(model).pipe(new StringOutputParser()).invoke({ what: 'bot', text: 'olá' }),
    prompt: async () => [await PromptTemplate.fromTemplate('oi {name}').format({ name: 'Ana' }), new AIMessage('x').getType()],
    sequence: () => RunnableSequence.from([new RunnableLambda({ func: (n) => n + 1 }), (n) => n * 2]).invoke(3),
    batch: () => new RunnableLambda({ func: (n) => n * 2 }).batch([1, 2]),
    embeddings: () => new OpenAIEmbeddings({ apiKey: 'sk-a', maxRetries: 0, encodingFormat: 'float' }).embedQuery('a'),
  },
})
