/** Types of messages: what bots write and what Meta gets, what Meta posts and what bots read. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { compose } from '../roost/compose.js'
import { RoostError, messages, statuses } from '../roost/index.js'
import { makeSends } from '../roost/messages.js'
import { makeEngine } from './support/node_engine.js'

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const declared = read('../../wit/messages.json')
const TO = '16505551234'

/** Long texts and lists are written as what repeats. */
function unfolded(value) {
  if (Array.isArray(value)) return value.map(unfolded)
  if (typeof value !== 'object' || value === null) return value
  if ('repeat' in value) return typeof value.repeat === 'string' ? value.repeat.repeat(value.times) : Array.from({ length: value.times }, () => unfolded(value.repeat))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, unfolded(inner)]))
}

const outbound = read('messages/outbound.json').map((row) => ({ ...row, message: unfolded(row.message), json: unfolded(row.json) }))

test('each type becomes the JSON of Meta\'s documentation', () => {
  const those = outbound.filter(({ json }) => json)
  assert.ok(those.length > 40)
  for (const { of, type, message, json } of those) assert.deepEqual(compose(type, message), json, of)
})

test('what Meta would refuse is refused with the field and what to do', () => {
  const those = outbound.filter(({ refused }) => refused)
  assert.ok(those.length > 60)
  for (const { of, type, message, refused } of those) {
    assert.throws(() => compose(type, message), (error) => error instanceof RoostError && error.code === 'invalid' && error.message === refused, of)
  }
})

test('each helper\'s example is what it says', async () => {
  const sends = makeSends(async (name, record) => compose(name, record))
  let seen = 0
  for (const { npm, example } of declared.messages) {
    for (const { name, via, example: own } of [{ ...npm, example }, ...(npm.presets ?? [])]) {
      const json = { messaging_product: 'whatsapp', recipient_type: 'individual', to: TO, ...own.json }
      assert.deepEqual(await sends[name ?? via](`+${TO}`, ...own.args), json, name)
      seen += 1
    }
  }
  assert.ok(seen > 25)
})

test('a helper takes names as Meta spells them, and media with or without what belongs to it', async () => {
  const sends = makeSends(async (name, record) => compose(name, record))
  const cta = await sends.sendCta(TO, { body: 'b', display_text: 'Open', url: 'https://example.com' })
  assert.equal(cta.interactive.action.parameters.display_text, 'Open')
  assert.deepEqual((await sends.sendImage(TO, { link: 'https://example.com/a.png', caption: 'c' })).image, { link: 'https://example.com/a.png', caption: 'c' })
  assert.deepEqual((await sends.sendDocument(TO, '1', { filename: 'a.pdf', replyTo: 'wamid.Q' })).context, { message_id: 'wamid.Q' })
  const carousel = { type: 'carousel', cards: [0, 1].map((n) => ({ card_index: n, components: [{ type: 'body', parameters: [`card ${n}`] }] })) }
  const template = await sends.sendTemplate(TO, { name: 'sale', language: { code: 'pt_BR' }, components: [{ type: 'body', parameters: ['Ana'] }, carousel] })
  assert.deepEqual(template.template.components.map(({ type }) => type), ['body', 'carousel'])
  assert.deepEqual(template.template.components[1].cards[1], { card_index: 1, components: [{ type: 'body', parameters: [{ type: 'text', text: 'card 1' }] }] })
})

test('a helper says what it was given wrongly', async () => {
  const sends = makeSends(async () => {})
  const said = [
    [() => sends.sendButtons(TO, { body: 'b', buttons: ['a'], footr: 'x' }), /`footr` is not known there: it takes `header`, `body`, `footer`, `buttons`/],
    [() => sends.sendButtons(TO, { buttons: ['a'] }), /`body` is missing/],
    [() => sends.sendButtons(TO, { body: 'b', buttons: 'a' }), /`buttons` must be a list/],
    [() => sends.sendButtons(TO, { body: 'b', buttons: ['a'], header: { sound: 'x' } }), /`header` must be a text, or an object with `text` or `image`/],
    [() => sends.sendMedia(TO, { kind: 'image' }), /source is missing: give `id` or `link`/],
    [() => sends.sendMedia(TO, { kind: 'film', id: '1' }), /`kind` must be `image` or `video`/],
    [() => sends.sendLocation(TO, { latitude: 'north', longitude: 1 }), /`latitude` must be a number/],
    [() => sends.sendFlow(TO, { body: 'b', flow: 'f', cta: 'c', screen: 'S', data: [1] }), /`data` must be an object/],
    [() => sends.sendText('', 'hi'), /`to` is missing/],
  ]
  for (const [call, message] of said) await assert.rejects(call, (error) => error.code === 'invalid' && message.test(error.message))
})

test('what comes in is typed, and nothing of it is lost', () => {
  for (const { of, body, messages: expected, statuses: told } of read('messages/inbound.json')) {
    const seen = messages(body)
    const raw = (body.entry ?? []).flatMap(({ changes }) => changes).flatMap(({ value }) => value.messages ?? [])
    assert.deepEqual(seen.map((message) => message.raw), raw, of)
    const without = seen.map(({ raw: whole, ...message }) => {
      if (message.type !== 'unknown') return message
      assert.deepEqual(message.content, whole)
      const { content, ...rest } = message
      return rest
    })
    assert.deepEqual(JSON.parse(JSON.stringify(without)), expected, of)
    assert.deepEqual(JSON.parse(JSON.stringify(statuses(body).map(({ raw: whole, ...status }) => status))), told, of)
    assert.deepEqual(messages(JSON.stringify(body)), seen, of)
    assert.deepEqual(messages(Buffer.from(JSON.stringify(body))), seen, of)
  }
})

test('inside a bot, every helper calls the host\'s function of its type', async () => {
  const seen = []
  const functions = Object.fromEntries(declared.messages.map(({ send }) => [`whatsapp.${send}`, (message) => {
    seen.push([send, JSON.parse(JSON.stringify(message))])
    return { messageId: 'wamid.1' }
  }]))
  const calls = declared.messages.map(({ npm, example }) => [npm.name ?? npm.via, example.args])
  const engine = makeEngine(functions)
  await engine.boot(`const { whatsapp, messages } = require('roost')
    const calls = ${JSON.stringify(calls)}
    require('http').createServer(async (req, res) => {
      for (const [name, args] of calls) await whatsapp[name]('${TO}', ...args)
      res.end(messages({ entry: [{ changes: [{ value: { messages: [{ type: 'text', text: { body: 'hi' } }] } }] }] })[0].text)
    }).listen(1)`)
  assert.equal((await engine.event()).body, 'hi')
  assert.deepEqual(seen.map(([send]) => send), declared.messages.map(({ send }) => send))
  for (const [send, message] of seen) {
    const { name, example } = declared.messages.find((one) => one.send === send)
    assert.deepEqual(compose(name, message), { messaging_product: 'whatsapp', recipient_type: 'individual', to: TO, ...example.json }, send)
  }
})
