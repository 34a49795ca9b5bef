/** The package `roost`, inside a bot and on plain Node. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { RoostError, conversations, whatsapp } from '../roost/index.js'
import { makeEngine } from './support/node_engine.js'

test('inside a bot, friendly arguments become the host\'s records', async () => {
  const seen = []
  const functions = Object.fromEntries(['send-text', 'send-buttons', 'send-list', 'send-media', 'send-template'].map((name) => [`whatsapp.${name}`, (message) => {
    seen.push(JSON.parse(JSON.stringify(message)))
    return { messageId: 'wamid.1' }
  }]))
  const engine = makeEngine(functions)
  await engine.boot(`const { whatsapp } = require('roost')
    require('http').createServer(async (req, res) => {
      await whatsapp.sendText('+5511', 'hi', { replyTo: 'wamid.0' })
      await whatsapp.sendButtons('5511', { body: 'ok?', buttons: ['yes', { id: 'n', title: 'No' }], header: { image: 'https://a/b.png' } })
      await whatsapp.sendList('5511', { body: 'choose', button: 'Open', rows: [{ id: '1', title: 'One' }] })
      await whatsapp.sendMedia('5511', { kind: 'image', link: 'https://a/b.png', caption: 'c' })
      const { messageId } = await whatsapp.sendTemplate('5511', { name: 't', language: 'en_US', components: [{ type: 'body', parameters: ['x', { type: 'text', parameter_name: 'n', text: 'y' }, { type: 'currency', currency: {} }] }] })
      res.end(messageId)
    }).listen(1)`)
  assert.equal((await engine.event()).body, 'wamid.1')
  assert.deepEqual(seen, [
    { to: '5511', body: 'hi', previewUrl: false, replyTo: 'wamid.0' },
    { to: '5511', header: { tag: 'image', val: { tag: 'link', val: 'https://a/b.png' } }, body: 'ok?', buttons: [{ id: 'yes', title: 'yes' }, { id: 'n', title: 'No' }] },
    { to: '5511', body: 'choose', button: 'Open', sections: [{ rows: [{ id: '1', title: 'One' }] }] },
    { to: '5511', kind: 'image', source: { tag: 'link', val: 'https://a/b.png' }, caption: 'c' },
    { to: '5511', name: 't', language: 'en_US', components: [{ kind: 'body', parameters: [{ tag: 'text', val: 'x' }, { tag: 'named-text', val: ['n', 'y'] },
      { tag: 'json', val: '{"type":"currency","currency":{}}' }] }] },
  ])
})

test('what a customer sent is read in pieces, and asked of Meta where the host has it not', async () => {
  const seen = []
  const engine = makeEngine({
    'media.wait-for': (id) => {
      if (id === '8') throw { payload: { tag: 'not-kept', val: 'there was no room' } } // eslint-disable-line no-throw-literal
      return { id, kind: 'image', size: 5n, isHere: true, messageId: 'wamid.1' }
    },
    'media.describe': (id) => ({ id, kind: 'image', size: 5n, isHere: true, messageId: 'wamid.1' }),
    'media.read': (id, at) => { seen.push([id, Number(at)]); return new Uint8Array([1, 2, 3, 4, 5]).subarray(Number(at), Number(at) + 3) },
    'whatsapp.request': ({ path }) => { seen.push(path); return { status: 404, body: '{}' } },
  })
  await engine.boot(`const { media } = require('roost')
    require('http').createServer(async (req, res) => {
      const whole = await media.read({ type: 'image', id: 'wamid.1', image: { id: '7' } })
      const { size } = await media.get('7')
      const why = await media.read('8').catch((error) => error.code + ': ' + error.message)
      const wrong = await media.read({ type: 'text', id: 'wamid.2' }).catch((error) => error.code)
      res.end(JSON.stringify([[...whole], Buffer.isBuffer(whole), size, why, wrong]))
    }).listen(1)`)
  assert.deepEqual(JSON.parse((await engine.event()).body), [[1, 2, 3, 4, 5], true, 5, 'not-kept: there was no room', 'invalid'])
  assert.deepEqual(seen, [['7', 0], ['7', 3], ['7', 5], '8'])
})

test('a file goes to the host in pieces, whatever it is', async () => {
  const seen = []
  let parts = []
  const engine = makeEngine({
    'media.begin': () => { parts = []; return 1 },
    'media.add': (begun, piece) => { parts.push(piece.length) },
    'media.upload': (begun, file) => {
      seen.push([parts, JSON.parse(JSON.stringify(file))])
      return { id: '9', kind: 'image', mimeType: 'image/png', sha256: 'x', size: 1n, expiresAt: 1767225600n, wasThere: false }
    },
    'media.upload-from': (url, file) => { seen.push([url, JSON.parse(JSON.stringify(file))]); return { id: '10', kind: 'document', mimeType: 'application/pdf', sha256: 'x', size: 2n, expiresAt: 0n, wasThere: true } },
    'media.upload-sample': (begun, file) => { seen.push([parts, file.mimeType]); return '4::h' },
  })
  await engine.boot(`const { media } = require('roost')
    const { Readable } = require('stream')
    require('http').createServer(async (req, res) => {
      const { id, expiresAt } = await media.upload(Buffer.alloc(300 * 1024), { type: 'image/png', filename: 'a.png', kind: 'image' })
      await media.upload(Readable.from([Buffer.alloc(3), Buffer.alloc(4)]))
      const from = await media.upload('https://example.com/menu.pdf?x=1')
      const handle = await media.uploadSample(new Uint8Array(2), { type: 'image/jpeg' })
      const wrong = await media.upload(7).catch((error) => error.code)
      res.end(JSON.stringify([id, expiresAt, from.wasThere, handle, wrong]))
    }).listen(1)`)
  assert.deepEqual(JSON.parse((await engine.event()).body), ['9', '2026-01-01T00:00:00.000Z', true, '4::h', 'invalid'])
  assert.deepEqual(seen, [
    [[262144, 45056], { mimeType: 'image/png', filename: 'a.png', kind: 'image' }],
    [[3, 4], {}],
    ['https://example.com/menu.pdf?x=1', {}],
    [[2], 'image/jpeg'],
  ])
})

test('a Flow is sent by its name, and its answer says which it was', async () => {
  const seen = []
  const engine = makeEngine({
    'flows.send': (message) => { seen.push(JSON.parse(JSON.stringify(message))); return { messageId: 'wamid.1', token: 'rf1.t' } },
    'flows.asked-by': (token, sender) => (token === 'rf1.t' && sender === '5511'
      ? { name: 'booking', contact: '5511', reference: 'table 4', sentAt: 1767225600n } : undefined),
    'flows.withdraw': (token) => token === 'rf1.t',
  })
  await engine.boot(`const { flows } = require('roost')
    const reply = (from, response, name = 'flow') => ({ from, type: 'interactive', interactive: { type: 'nfm_reply', nfm_reply: { name, body: 'Sent', response_json: JSON.stringify(response) } } })
    require('http').createServer(async (req, res) => {
      const { token } = await flows.send('+5511', { flow: 'booking', body: 'Book?', button: 'Book', screen: 'DAY', data: { day: 1 }, reference: 'table 4', expiresIn: 59.5 })
      const own = await flows.answer(reply('5511', { flow_token: token, day: '1' }))
      const others = await flows.answer(reply('5512', { flow_token: token, day: '1' }))
      const text = await flows.answer({ type: 'text', from: '5511', text: { body: 'hi' } })
      const address = await flows.answer(reply('5511', {}, 'address_message'))
      res.end(JSON.stringify([own, others.flow ?? null, others.data, text ?? null, address ?? null, await flows.withdraw(token)]))
    }).listen(1)`)
  const [own, others, data, text, address, withdrawn] = JSON.parse((await engine.event()).body)
  assert.deepEqual(own, {
    flow: 'booking', data: { day: '1' }, token: 'rf1.t', contact: '5511', reference: 'table 4', sentAt: '2026-01-01T00:00:00.000Z', isFirst: true,
  })
  assert.deepEqual([others, data, text, address, withdrawn], [null, { day: '1' }, null, null, true])
  assert.deepEqual(seen, [{ to: '5511', name: 'booking', body: 'Book?', button: 'Book', screen: 'DAY', data: '{"day":1}', draft: false, reference: 'table 4', seconds: 60 }])
})

test('a Flow\'s route gets plain JSON and gives a screen, the end, or that it is over', async () => {
  const { flows } = await import('../roost/index.js')
  const handle = flows.endpoint(async (request) => {
    if (request.action === 'INIT') return flows.screen('DAY', { who: request.contact })
    if (request.screen === 'LATE') return flows.over('Too late')
    if (request.screen === 'ODD') return 'DAY'
    return flows.finish(request, { day: request.data.day })
  })
  const ask = async (body, { parsed = false, next } = {}) => {
    const text = JSON.stringify(body)
    const req = { headers: { 'x-roost-flow': 'booking', 'x-roost-flow-contact': '5511' }, body: parsed ? body : undefined, async* [Symbol.asyncIterator]() { yield Buffer.from(text) } }
    const answer = {}
    await handle(req, { writeHead(status) { answer.status = status }, end(said) { answer.body = JSON.parse(said) } }, next)
    return answer
  }
  assert.deepEqual(await ask({ version: '3.0', action: 'INIT' }), { status: 200, body: { screen: 'DAY', data: { who: '5511' } } })
  const last = { version: '3.0', action: 'data_exchange', screen: 'DAY', data: { day: '2' }, flow_token: 't' }
  assert.deepEqual(await ask(last, { parsed: true }), {
    status: 200, body: { screen: 'SUCCESS', data: { extension_message_response: { params: { flow_token: 't', day: '2' } } } },
  })
  assert.deepEqual(await ask({ action: 'data_exchange', screen: 'LATE' }), { status: 427, body: { error_msg: 'Too late' } })
  await assert.rejects(ask({ action: 'data_exchange', screen: 'ODD' }), /gives a screen/)
  let passed
  await ask({ action: 'data_exchange', screen: 'ODD' }, { next: (error) => { passed = error } })
  assert.match(passed.message, /gives a screen/)
})

test('inside a bot, a template takes values in order, by name, and for its buttons and cards', async () => {
  const seen = []
  const engine = makeEngine({
    'templates.send': (message) => {
      seen.push(JSON.parse(JSON.stringify(message)))
      return { messageId: 'wamid.1' }
    },
    'templates.list': () => [{ name: 'order_ready', language: 'en_US', status: 'APPROVED', components: '[{"type":"BODY"}]' }],
  })
  await engine.boot(`const { templates } = require('roost')
    require('http').createServer(async (req, res) => {
      await templates.send('+5511', 'order_ready', { body: ['Ana', 17], buttons: ['17'] })
      await templates.send('5511', 'offer', {
        language: 'pt_BR', header: { image: 'https://a/b.png' }, body: { first_name: 'Ana' }, buttons: { 1: 'SAVE' }, expiresAt: new Date(1700000000000),
        cards: [{ header: { document: { id: '7' }, filename: 'a.pdf' }, body: 'x' }],
      })
      const [{ components }] = await templates.list()
      res.end(components[0].type)
    }).listen(1)`)
  assert.equal((await engine.event()).body, 'BODY')
  assert.deepEqual(seen, [
    { to: '5511', name: 'order_ready', body: [{ text: 'Ana' }, { text: '17' }], buttons: [{ index: 0, value: { tag: 'text', val: '17' } }], cards: [] },
    {
      to: '5511', name: 'offer', language: 'pt_BR', header: { tag: 'image', val: { tag: 'link', val: 'https://a/b.png' } },
      body: [{ name: 'first_name', text: 'Ana' }], buttons: [{ index: 1, value: { tag: 'text', val: 'SAVE' } }], expiresAt: 1700000000000,
      cards: [{ header: { tag: 'document', val: { source: { tag: 'id', val: '7' }, filename: 'a.pdf' } }, body: [{ text: 'x' }], buttons: [] }],
    },
  ])
})

test('inside a bot, a template that does not fit is told from one that Meta refused', async () => {
  const ends = [{ tag: 'unfit', val: 'the body: it has 2 variables' }, { tag: 'not-sent', val: { tag: 'rejected', val: { code: 132015, status: 400, message: 'paused' } } }]
  const engine = makeEngine({ 'templates.send': () => { throw { payload: ends.shift() } } }) // eslint-disable-line no-throw-literal
  await engine.boot(`const { templates } = require('roost')
    const told = () => templates.send('1', 'x').catch((e) => [e.code, e.graphCode, e.message].join())
    require('http').createServer(async (req, res) => res.end([await told(), await told()].join(' | '))).listen(1)`)
  assert.equal((await engine.event()).body, 'unfit,,the body: it has 2 variables | rejected,132015,paused')
})

test('inside a bot, a conversation is seen and handed to a person', async () => {
  const seen = []
  const names = ['hand-off', 'release', 'assign', 'add-label', 'remove-label', 'add-note', 'resolve', 'set-consent']
  const functions = Object.fromEntries(names.map((name) => [`conversations.${name}`, (...args) => { seen.push([name, ...args]) }]))
  functions['conversations.overview-of'] = () => ({
    id: '7', session: 'open', labels: ['vip'], taken: { sinceSeconds: 1700000000n, by: 'bea' }, windowClosesSeconds: 4102444800n,
  })
  const engine = makeEngine(functions)
  await engine.boot(`const { conversations } = require('roost')
    require('http').createServer(async (req, res) => {
      const seen = await conversations.overview('1')
      await conversations.handOff('1', 'too hard')
      await conversations.release('1')
      await conversations.assign('1', 'bea')
      await conversations.assign('1', null)
      await conversations.addLabel('1', 'vip')
      await conversations.removeLabel('1', 'vip')
      await conversations.addNote('1', 'calls back')
      await conversations.resolve('1')
      await conversations.optIn('1', 'checkout')
      await conversations.optOut('1', 'STOP')
      res.end(JSON.stringify(seen))
    }).listen(1)`)
  assert.deepEqual(JSON.parse((await engine.event()).body), {
    id: '7', session: 'open', labels: ['vip'], taken: { since: '2023-11-14T22:13:20.000Z', by: 'bea' },
    windowClosesAt: '2100-01-01T00:00:00.000Z', isWindowOpen: true,
  })
  assert.deepEqual(seen, [
    ['hand-off', '1', 'too hard'], ['release', '1'], ['assign', '1', 'bea'], ['assign', '1', undefined], ['add-label', '1', 'vip'],
    ['remove-label', '1', 'vip'], ['add-note', '1', 'calls back'], ['resolve', '1'], ['set-consent', '1', 'opted-in', 'checkout'],
    ['set-consent', '1', 'opted-out', 'STOP'],
  ])
})

test('inside a bot, both names are one package', async () => {
  const engine = makeEngine()
  await engine.boot(`require('http').createServer((req, res) => res.end(String(require('roost') === require('@roost-host/roost')))).listen(1)`)
  assert.equal((await engine.event()).body, 'true')
})

test('inside a bot, the host\'s errors are RoostErrors with the case as their code', async () => {
  const engine = makeEngine({ 'whatsapp.send-text': () => { throw { payload: { tag: 'rate-limited', val: { code: 131056, status: 429, message: 'slow down' } } } } }) // eslint-disable-line no-throw-literal
  await engine.boot(`const { whatsapp, RoostError } = require('roost')
    require('http').createServer((req, res) => whatsapp.sendText('1', 'x').catch((e) => res.end([e instanceof RoostError, e.code, e.graphCode, e.message].join()))).listen(1)`)
  assert.equal((await engine.event()).body, 'true,rate-limited,131056,slow down')
})

test('a transaction commits when its work is done, and rolls back when it fails', async () => {
  const seen = []
  const engine = makeEngine({
    'database.begin': () => 1,
    'database.[method]transaction.query': (handle, sql) => { seen.push(sql); return { columns: [], rows: [], command: 'SELECT', affected: 0n } },
    'database.[static]transaction.commit': () => { seen.push('commit') },
    'database.[static]transaction.rollback': () => { seen.push('rollback') },
  })
  await engine.boot(`const { database } = require('roost')
    require('http').createServer(async (req, res) => {
      const value = await database.transaction(async (tx) => { await tx.query('SELECT 1'); return 7 })
      const failed = await database.transaction(async (tx) => { await tx.query('SELECT 2'); throw new Error('no') }).catch((error) => error.message)
      res.end(value + failed)
    }).listen(1)`)
  assert.equal((await engine.event()).body, '7no')
  assert.deepEqual(seen, ['SELECT 1', 'commit', 'SELECT 2', 'rollback'])
})

let server
const requests = []

before(async () => {
  server = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    requests.push({ url: req.url, token: req.headers.authorization, body: JSON.parse(body) })
    const refused = body.includes('refuse')
    res.writeHead(refused ? 400 : 200, { 'content-type': 'application/json' })
    res.end(JSON.stringify(refused ? { error: { code: 131047, message: 'Re-engagement message', error_data: { details: 'more than 24 hours' } } }
      : { messages: [{ id: 'wamid.9' }], contacts: [{ wa_id: '5511' }] }))
  })
  await new Promise((resolve) => server.listen(0, resolve))
  Object.assign(process.env, { GRAPH_URL: `http://127.0.0.1:${server.address().port}/v23.0`, WHATSAPP_TOKEN: 't', PHONE_NUMBER_ID: '99' })
})
after(() => server.close())

test('on plain Node, sends go to the Cloud API', async () => {
  assert.deepEqual(await whatsapp.sendButtons('+551199', { body: 'ok?', buttons: ['yes'] }), { messageId: 'wamid.9', waId: '5511' })
  assert.deepEqual(requests.at(-1), {
    url: '/v23.0/99/messages', token: 'Bearer t', body: {
      messaging_product: 'whatsapp', recipient_type: 'individual', to: '551199', type: 'interactive',
      interactive: { type: 'button', body: { text: 'ok?' }, action: { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'yes' } }] } },
    },
  })
})

test('on plain Node, Meta\'s refusals are RoostErrors', async () => {
  await assert.rejects(whatsapp.sendText('551199', 'refuse'), (error) => error instanceof RoostError && error.code === 'rejected' &&
    error.graphCode === 131047 && error.message === 'Re-engagement message: more than 24 hours')
})

test('on plain Node, conversations say where they exist', async () => {
  await assert.rejects(conversations.get('5511'), /exists only inside Roost/)
})

test('what is wrong with a message is said before it is sent', async () => {
  await assert.rejects(whatsapp.sendButtons('551199', { body: 'x', buttons: [] }), { code: 'invalid', message: '`buttons` has 0 entries, and Meta takes 1 to 3: add some' })
})
