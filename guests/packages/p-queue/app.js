const { failure, serve } = require('../checks')

const load = async () => (await import('p-queue')).default
const wait = (ms) => new Promise((done) => setTimeout(done, ms))
serve({
  checks: {
    concurrency: async () => { const queue = new (await load())({ concurrency: 2 }); let now = 0, most = 0; await queue.addAll(Array.from({ length: 6 }, () => async () => { most = Math.max(most, ++now); await wait(10); now-- })); return most },
    priority: async () => { const queue = new (await load())({ concurrency: 1 }), order = []; queue.add(() => wait(10)); queue.add(async () => order.push('low')); queue.add(async () => order.push('high'), { priority: 1 }); await queue.onIdle(); return order },
    interval: async () => { const queue = new (await load())({ intervalCap: 1, interval: 60 }), began = Date.now(); for (let n = 0; n < 4; n++) queue.add(() => n); await queue.onIdle(); return Date.now() - began >= 120 },
    timeout: async () => { const queue = new (await load())({ timeout: 30 }); return failure(() => queue.add(() => wait(500))).then(({ failed }) => failed.name) },
    pause: async () => { const queue = new (await load())({ autoStart: false }); let ran = false; queue.add(() => { ran = true }); const before = [ran, queue.size, queue.isPaused]; queue.start(); await queue.onIdle(); return [before, ran] },
  },
})
