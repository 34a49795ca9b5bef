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

const left = (seen) => seen.at(-1).startsWith('the event ended without waiting for ') ? seen.pop() : undefined

test('after the answer timeouts keep the event open; intervals and what is unref\'ed do for five seconds', async () => {
  const { lines: seen } = await lines(`
    setInterval(() => console.log('interval'), 2000)
    setTimeout(() => console.log('unref'), 3000).unref()
    setTimeout(() => console.log('timeout'), 1000)
  `)
  assert.match(left(seen), /without waiting for 1 interval \(every 2 s, made at \/app\/app\.js:3:/)
  // The timeout was the last that happened: five seconds from there.
  assert.deepEqual(seen, ['timeout', 'interval', 'unref', 'interval', 'interval'])
})

test('an interval goes on for as long as it does something, and up to the end of the event\'s time', async () => {
  const engine = makeEngine({ 'whatsapp.send-text': async () => ({ messageId: 'wamid.1' }) }, () => ({ status: 200 }))
  const boot = await engine.boot(`const send = () => fetch('https://example.com/')
    let queue
    require('http').createServer((req, res) => { res.end(); queue = Array.from({ length: 6 }, (_, n) => n)
      if (req.url === '/for-ever') return void setInterval(send, 4000)
      const timer = setInterval(() => { console.log(queue.shift()); send(); if (queue.length === 0) clearInterval(timer) }, 4000)
    }).listen(1)`)
  assert.equal(boot.ok, true, boot.error?.stack)
  const { logs, took } = await engine.event()
  assert.deepEqual(logs.map(({ message }) => message), ['0', '1', '2', '3', '4', '5'])
  assert.equal(took, 24_000)
  const forEver = await engine.event({ path: '/for-ever' })
  assert.match(forEver.logs[0].message, /without waiting for 1 interval \(every 4 s/)
  assert.equal(forEver.took, 56_000)
})

test('before the answer every timer of the event keeps it open', async () => {
  for (const wait of [
    `const timer = setInterval(() => { clearInterval(timer); done() }, 9000)`,
    `setTimeout(done, 9000).unref()`,
    `AbortSignal.timeout(9000).addEventListener('abort', done)`,
    `AbortSignal.any([AbortSignal.timeout(9000)]).onabort = done`,
    `require('timers/promises').setTimeout(9000, undefined, { ref: false }).then(done)`,
    `(async () => { for await (const _ of require('timers/promises').setInterval(9000, undefined, { ref: false })) return done() })()`,
    `let n = 0; const more = () => { ++n < 1000 ? setImmediate(more) : setTimeout(done, 9000) }; more()`,
  ]) {
    const engine = makeEngine()
    const boot = await engine.boot(`require('http').createServer((req, res) => { const done = () => res.end('done'); ${wait} }).listen(1)`)
    assert.equal(boot.ok, true, boot.error?.stack)
    const { status, body, took, logs } = await engine.event()
    assert.deepEqual([status, body, took, logs], [200, 'done', 9000, []], wait)
  }
})

test('what nothing can answer any more ends at once', async () => {
  const engine = makeEngine()
  const boot = await engine.boot(`setInterval(() => {}, 60_000); require('http').createServer(() => {}).listen(1)`)
  assert.equal(boot.ok, true, boot.error?.stack)
  const { status, took } = await engine.event()
  assert.deepEqual([status, took], [undefined, 0])
})

test('an answer may wait for what an interval of the top level does', async () => {
  const engine = makeEngine()
  const boot = await engine.boot(`const queue = []; setInterval(() => queue.shift()?.(), 1000)
    require('http').createServer((req, res) => queue.push(() => setTimeout(() => res.end('done'), 100))).listen(1)`)
  assert.equal(boot.ok, true, boot.error?.stack)
  const { body, took } = await engine.event()
  assert.deepEqual([body, took], ['done', 1100])
})

test('what the top level began keeps house, whatever it waits for', async () => {
  const { took } = await (async () => {
    const engine = makeEngine()
    const boot = await engine.boot(`
      const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
      ;(async () => { for (;;) { await wait(1000); console.log('beat') } })()
      const beat = () => { console.log('other'); setTimeout(beat, 1000) }
      setTimeout(beat, 500)
      require('http').createServer((req, res) => { res.end(); setTimeout(() => console.log('work'), 1700) }).listen(1)`)
    assert.equal(boot.ok, true, boot.error?.stack)
    const event = await engine.event()
    assert.deepEqual(event.logs.map(({ message }) => message), ['other', 'beat', 'other', 'work'])
    return event
  })()
  assert.equal(took, 1700)
})

test('a timeout that is due after the event\'s time is left behind at once, and told', async () => {
  const { lines: seen } = await lines(`
    setTimeout(() => console.log('late'), 600_000)
    setTimeout(() => console.log('soon'), 30_000)
  `)
  assert.match(left(seen), /without waiting for 1 timeout \(due in 10 min, made at \/app\/app\.js:3:/)
  assert.deepEqual(seen, ['soon'])
})

test('the time limit of what is over holds nothing, and is not told', async () => {
  const engine = makeEngine({}, () => ({ status: 200 }))
  const boot = await engine.boot(`require('http').createServer(async (req, res) => {
    await fetch('https://example.com/', { signal: AbortSignal.timeout(3000) }); res.end() }).listen(1)`)
  assert.equal(boot.ok, true, boot.error?.stack)
  const { took, logs } = await engine.event()
  assert.deepEqual([took, logs], [0, []])
})

test('an answer that was begun and never ended breaks off; one that an interval writes goes on', async () => {
  const engine = makeEngine()
  const boot = await engine.boot(`require('http').createServer((req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    if (req.url === '/broken') return void res.write('data: 1')
    if (req.url === '/destroyed') return void res.write('data: 1', () => res.destroy())
    let n = 0
    const timer = setInterval(() => { res.write('data: ' + n++); if (n === 10) { clearInterval(timer); res.end() } }, 5500)
  }).listen(1)`)
  assert.equal(boot.ok, true, boot.error?.stack)
  const broken = await engine.event({ path: '/broken' })
  assert.deepEqual([broken.body, broken.broken, broken.failure], ['data: 1', true, 'the bot began its answer and never ended it'])
  const destroyed = await engine.event({ path: '/destroyed' })
  assert.deepEqual([destroyed.body, destroyed.broken, destroyed.failure], ['data: 1', true, undefined])
  const whole = await engine.event()
  assert.equal(whole.body, Array.from({ length: 10 }, (_, n) => `data: ${n}`).join(''))
  assert.deepEqual([whole.broken, whole.failure, whole.took], [false, undefined, 55_000])
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
