/** The order in which callbacks run, and what keeps an event open. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeEngine } from './support/node_engine.js'

async function lines(handler, top = '') {
  const engine = makeEngine()
  const boot = await engine.boot(`${top}\nrequire('http').createServer((req, res) => { res.end(); ${handler} }).listen(1)`)
  assert.equal(boot.ok, true, boot.error?.stack)
  const { logs } = await engine.event()
  return { lines: logs.map(({ message }) => message), engine, boot }
}

test('ticks, then microtasks, then timers and immediates', async () => {
  const { lines: seen } = await lines(`
    setImmediate(() => console.log('immediate'))
    setTimeout(() => console.log('timeout 2'), 2)
    setTimeout(() => { console.log('timeout 1'); process.nextTick(() => console.log('tick in timeout')); Promise.resolve().then(() => console.log('job in timeout')) }, 1)
    setTimeout(() => console.log('timeout 0'), 0)
    Promise.resolve().then(() => { console.log('job'); process.nextTick(() => console.log('tick in job')) }).then(() => console.log('second job'))
    process.nextTick(() => console.log('tick'))
    queueMicrotask(() => console.log('microtask'))
    console.log('code')
  `)
  assert.deepEqual(seen, ['code', 'tick', 'job', 'microtask', 'second job', 'tick in job', 'immediate', 'timeout 1',
    'tick in timeout', 'job in timeout', 'timeout 0', 'timeout 2'])
})

test('a timeout keeps the event open; intervals and what is unref\'ed do not', async () => {
  const { lines: seen } = await lines(`
    setInterval(() => console.log('interval'), 400)
    setTimeout(() => console.log('unref'), 2000).unref()
    setTimeout(() => console.log('timeout'), 1000)
  `)
  assert.deepEqual(seen, ['interval', 'interval', 'timeout'])
})

test('timers of the top level are paused in the image and keep no event open', async () => {
  const { lines: seen, boot, engine } = await lines('setTimeout(() => console.log("event"), 1500)', 'setInterval(() => console.log("top"), 1000)')
  assert.equal(boot.pendingTimers, 1)
  assert.deepEqual(seen, ['top', 'event'])
  assert.equal(engine.pendingAlarm, undefined)
})

test('what fell due between two events of one instance runs once when the second begins', async () => {
  const engine = makeEngine()
  const boot = await engine.boot(`setInterval(() => console.log('ring'), 1000)
    require('http').createServer((req, res) => { console.log('event'); res.end() }).listen(1)`)
  assert.equal(boot.ok, true, boot.error?.stack)
  const event = async () => (await engine.event()).logs.map(({ message }) => message)
  assert.deepEqual(await event(), ['event'])
  engine.pass(900)
  assert.deepEqual(await event(), ['event'])
  engine.pass(5000)
  // As in Node: what is due runs before what came in.
  assert.deepEqual(await event(), ['ring', 'event'])
  assert.deepEqual(await event(), ['event'])
})

test('an interval can be cleared from within, and a timer refreshed', async () => {
  const { lines: seen } = await lines(`
    let count = 0
    const interval = setInterval(() => { console.log('tick ' + ++count); if (count === 3) clearInterval(interval) }, 10)
    const timer = setTimeout(() => console.log('refreshed'), 30)
    setTimeout(() => timer.refresh(), 20)
    setTimeout(() => console.log('end'), 100)
  `)
  assert.deepEqual(seen, ['tick 1', 'tick 2', 'tick 3', 'refreshed', 'end'])
})

test('AsyncLocalStorage follows timers and ticks', async () => {
  const { lines: seen } = await lines(`
    const { AsyncLocalStorage } = require('async_hooks')
    const storage = new AsyncLocalStorage()
    for (const name of ['a', 'b']) storage.run(name, () => {
      setTimeout(() => console.log('timeout', storage.getStore()), 5)
      process.nextTick(() => console.log('tick', storage.getStore()))
    })
    console.log('outside', storage.getStore())
  `)
  assert.deepEqual(seen, ['outside undefined', 'tick a', 'tick b', 'timeout a', 'timeout b'])
})
