'use strict'
// Tests in suites, with hooks, one after the other: what mocha, node:test, ava and QUnit have in common. Each has a face
// of its own in the files beside this one.

class Suite {
  constructor(title, parent) {
    Object.assign(this, { title, parent, items: [], before: [], after: [], beforeEach: [], afterEach: [], tests: 0 })
  }

  get path() {
    return this.parent?.path ? `${this.parent.path} › ${this.title}` : this.title
  }
}

const root = new Suite('')
let current = root

function suite(title, define, context) {
  const made = new Suite(title, current)
  current.items.push(made)
  current = made
  try {
    define?.call(context, context)
  } finally {
    current = made.parent
  }
}

/** Notes a test; `body` gets what `contextOf` makes for it. */
function test(title, body, { skip = false, contextOf = () => [], self } = {}) {
  current.items.push({ title, body, skip, contextOf, self })
}

function hook(kind, body, contextOf = () => []) {
  current[kind].push({ body, contextOf })
}

/** Calls with a callback whoever takes one more argument than there are; others are over when their promise is. */
function call(body, self, args) {
  if (body.length <= args.length) return body.apply(self, args)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('its callback was not called')), 8000)
    const done = (error) => {
      clearTimeout(timer)
      if (error) reject(error instanceof Error ? error : new Error(String(error)))
      else resolve()
    }
    Promise.resolve(body.call(self, ...args, done)).catch(done)
  })
}

/** Runs everything that was registered, also what tests register meanwhile. Nothing, if there is nothing. */
async function runTests() {
  if (root.items.length === 0) return undefined
  const results = { passed: [], failed: [], skippedTests: 0 }
  await runSuite(root, results)
  return results
}

async function runHooks(hooks, self) {
  for (const { body, contextOf } of hooks) await call(body, self, contextOf())
}

async function runSuite(of, results) {
  const self = selfOf(of)
  try {
    await runHooks(of.before, self)
  } catch (error) {
    results.failed.push({ name: `${of.path}: before all`, why: why(error) })
    return
  }
  // Tests may add others while they run.
  for (let n = 0; n < of.items.length; n++) {
    const item = of.items[n]
    if (item instanceof Suite) await runSuite(item, results)
    else await runTest(of, item, results)
  }
  try {
    await runHooks(of.after, self)
  } catch (error) {
    results.failed.push({ name: `${of.path}: after all`, why: why(error) })
  }
}

async function runTest(of, { title, body, skip, contextOf, self = selfOf(of) }, results) {
  const name = of.path ? `${of.path} › ${title}` : title
  if (skip || !body) {
    results.skippedTests++
    return
  }
  const chain = []
  for (let at = of; at; at = at.parent) chain.unshift(at)
  let failure
  try {
    for (const { beforeEach } of chain) await runHooks(beforeEach, self)
    const args = contextOf()
    await call(body, self, args)
    for (const argument of args) await argument?.finish?.()
  } catch (error) {
    failure = { error }
  }
  try {
    for (const { afterEach } of chain.reverse()) await runHooks(afterEach, self)
  } catch (error) {
    failure ??= { error }
  }
  if (!failure) results.passed.push(name)
  else if (failure.error?.isSkip) results.skippedTests++
  else results.failed.push({ name, why: why(failure.error) })
}

/** What `this` is in mocha's tests. */
function selfOf(of) {
  return { timeout() { return this }, slow() { return this }, retries() { return this }, skip() { throw Object.assign(new Error('skipped'), { isSkip: true }) }, test: { title: of.title }, currentTest: { title: of.title } }
}

const why = (error) => (error?.stack ? `${error.name}: ${error.message}` : String(error)).slice(0, 600)

module.exports = { suite, test, hook, runTests }
