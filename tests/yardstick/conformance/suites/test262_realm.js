// Scripts on Node, each in a realm of its own: what `bot/script.js` is in the sandbox, where each has an instance.

import vm from 'node:vm'

process.on('message', async ({ source, isAsync }) => process.send(await run(source, isAsync)))

async function run(source, isAsync) {
  const printed = []
  let say
  const told = new Promise((resolve) => { say = resolve })
  const context = vm.createContext({ print: (text) => { printed.push(String(text)); say() } })
  const realm = vm.runInContext('globalThis', context)
  realm.setTimeout = setTimeout
  realm.$262 = {
    global: realm,
    evalScript: (text) => vm.runInContext(text, context),
    createRealm() { throw new Error('there is one realm') },
    detachArrayBuffer: (buffer) => { structuredClone(buffer, { transfer: [buffer] }) },
    gc() { throw new Error('there is no door to the garbage collector') },
  }
  try {
    vm.runInContext('(0, eval)', context)(source)
    if (isAsync) await Promise.race([told, new Promise((resolve) => { setTimeout(resolve, 10_000).unref() })])
  } catch (error) {
    return { threw: error?.constructor?.name ?? typeof error, text: String(error?.message ?? error).slice(0, 500), printed }
  }
  return { printed }
}
