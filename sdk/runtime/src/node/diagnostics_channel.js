/** `node:diagnostics_channel`. */
import { requireFunction } from '../errors.js'

const channels = new Map()

class Channel {
  constructor(name) {
    this.name = name
    this._subscribers = []
    this._stores = new Map()
  }

  get hasSubscribers() { return this._subscribers.length > 0 || this._stores.size > 0 }

  subscribe(subscription) {
    requireFunction(subscription, 'subscription')
    this._subscribers = [...this._subscribers, subscription]
  }

  unsubscribe(subscription) {
    const known = this._subscribers.includes(subscription)
    if (known) this._subscribers = this._subscribers.filter((item) => item !== subscription)
    return known
  }

  bindStore(store, transform) { this._stores.set(store, transform) }
  unbindStore(store) { return this._stores.delete(store) }

  publish(data) {
    for (const subscription of this._subscribers) {
      try {
        subscription(data, this.name)
      } catch (error) {
        process.nextTick(() => { throw error })
      }
    }
  }

  runStores(data, callback, self, ...args) {
    let run = () => {
      this.publish(data)
      return Reflect.apply(callback, self, args)
    }
    for (const [store, transform] of this._stores) {
      const inner = run
      run = () => store.run(transform ? transform(data) : data, inner)
    }
    return run()
  }
}

function channel(name) {
  if (!channels.has(name)) channels.set(name, new Channel(name))
  return channels.get(name)
}

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

class TracingChannel {
  constructor(nameOrChannels) {
    for (const event of EVENTS) {
      this[event] = typeof nameOrChannels === 'string' ? channel(`tracing:${nameOrChannels}:${event}`) : nameOrChannels[event]
    }
  }

  get hasSubscribers() { return EVENTS.some((event) => this[event]?.hasSubscribers) }

  subscribe(handlers) {
    for (const event of EVENTS) if (handlers[event]) this[event]?.subscribe(handlers[event])
  }

  unsubscribe(handlers) {
    return EVENTS.every((event) => !handlers[event] || this[event]?.unsubscribe(handlers[event]))
  }

  traceSync(fn, context = {}, self, ...args) {
    if (!this.hasSubscribers) return Reflect.apply(fn, self, args)
    return this.start.runStores(context, () => {
      try {
        context.result = Reflect.apply(fn, self, args)
        return context.result
      } catch (error) {
        context.error = error
        this.error.publish(context)
        throw error
      } finally {
        this.end.publish(context)
      }
    })
  }

  tracePromise(fn, context = {}, self, ...args) {
    if (!this.hasSubscribers) return Reflect.apply(fn, self, args)
    const settle = (key, publish) => {
      if (publish) this.error.publish(context)
      this.asyncStart.publish(context)
      this.asyncEnd.publish(context)
      return context[key]
    }
    return this.start.runStores(context, () => {
      try {
        return Promise.resolve(Reflect.apply(fn, self, args)).then(
          (result) => { context.result = result; return settle('result') },
          (error) => { context.error = error; throw settle('error', true) })
      } finally {
        this.end.publish(context)
      }
    })
  }

  traceCallback(fn, position = -1, context = {}, self, ...args) {
    if (!this.hasSubscribers) return Reflect.apply(fn, self, args)
    const callback = args.at(position)
    requireFunction(callback, 'callback')
    const traced = (error, result) => {
      if (error) {
        context.error = error
        this.error.publish(context)
      } else {
        context.result = result
      }
      this.asyncStart.runStores(context, () => {
        callback.call(self, error, result)
        this.asyncEnd.publish(context)
      })
    }
    args.splice(position, 1, traced)
    return this.traceSync(fn, context, self, ...args)
  }
}

export default {
  channel,
  hasSubscribers: (name) => channels.get(name)?.hasSubscribers ?? false,
  subscribe: (name, subscription) => channel(name).subscribe(subscription),
  unsubscribe: (name, subscription) => channel(name).unsubscribe(subscription),
  tracingChannel: (nameOrChannels) => new TracingChannel(nameOrChannels),
  Channel,
}
