// Calls services by their own packages.
const { Readable } = require('stream')
const { GetObjectCommand, PutObjectCommand, S3Client } = require('@aws-sdk/client-s3')
const { sheets } = require('@googleapis/sheets')
const OpenAI = require('openai')
const Stripe = require('stripe')
const serve = require('../checks')

const openai = (base) => new OpenAI({ apiKey: 'key', baseURL: `${base}/openai`, maxRetries: 0 })
const stripe = (base, options) => {
  const { hostname, port } = new URL(base)
  return new (Stripe.Stripe ?? Stripe)('sk_test_x', { host: hostname, port, protocol: 'https', maxNetworkRetries: 0, telemetry: false, ...options })
}
const s3 = (base) => new S3Client({
  region: 'us-east-1', endpoint: base, forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
})

serve({
  'openai chat': async (base) => (await openai(base).chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }] })).choices[0].message.content,
  'openai stream': async (base) => {
    const pieces = []
    for await (const piece of await openai(base).chat.completions.create({ model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] })) pieces.push(piece.choices[0].delta.content)
    return pieces
  },
  'openai refused': (base) => openai(base).models.retrieve('none'),
  'stripe create': async (base) => (await stripe(base).paymentIntents.create({ amount: 1000, currency: 'brl', metadata: { order: '7' } })).id,
  'stripe refused': (base) => stripe(base).customers.retrieve('cus_none'),
  'stripe timeout': (base) => stripe(base, { timeout: 200 }).balance.retrieve(),
  's3 put': async (base) => (await s3(base).send(new PutObjectCommand({ Bucket: 'photos', Key: 'a b.txt', Body: 'content', ContentType: 'text/plain' }))).ETag,
  's3 put a stream': async (base) => (await s3(base).send(new PutObjectCommand({ Bucket: 'photos', Key: 'stream', Body: Readable.from([Buffer.from('one'), Buffer.from('two')]), ContentLength: 6 }))).ETag,
  's3 get': async (base) => (await s3(base).send(new GetObjectCommand({ Bucket: 'photos', Key: 'a.txt' }))).Body.transformToString(),
  's3 refused': (base) => s3(base).send(new GetObjectCommand({ Bucket: 'photos', Key: 'none' })),
  'sheets get': async (base) => (await sheets({ version: 'v4', auth: 'key', rootUrl: `${base}/` }).spreadsheets.values.get({ spreadsheetId: 'abc', range: 'A1:B2' })).data.values,
  'sheets append': async (base) => (await sheets({ version: 'v4', auth: 'key', rootUrl: `${base}/` }).spreadsheets.values.append({ spreadsheetId: 'abc', range: 'A1', valueInputOption: 'RAW', requestBody: { values: [['a', 1]] } })).data,
  'sheets refused': (base) => sheets({ version: 'v4', auth: 'key', rootUrl: `${base}/` }).spreadsheets.get({ spreadsheetId: 'none' }),
})
