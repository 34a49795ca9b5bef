/** `MessageChannel`, inside one bot. */
import { setImmediate } from '../loop/immediates.js'
import { DOMException } from './dom_exception.js'
import { Event, EventTarget, MessageEvent, handlerProperty } from './events.js'
import { structuredClone } from './structured_clone.js'

export class MessagePort extends EventTarget {
  #other
  #queue = []
  #started = false
  #closed = false

  static pair() {
    const [a, b] = [new MessagePort(), new MessagePort()]
    a.#other = b
    b.#other = a
    return [a, b]
  }

  postMessage(message, transfer) {
    const data = structuredClone(message, Array.isArray(transfer) ? { transfer } : transfer)
    const other = this.#other
    if (other.#closed) return
    other.#queue.push(data)
    if (other.#started) other.#flush()
  }

  #flush() {
    setImmediate(() => {
      while (this.#queue.length > 0 && !this.#closed) this.dispatchEvent(new MessageEvent('message', { data: this.#queue.shift() }))
    })
  }

  start() {
    if (this.#started) return
    this.#started = true
    this.#flush()
  }

  close() {
    for (const port of [this, this.#other]) {
      if (port.#closed) continue
      port.#closed = true
      setImmediate(() => port.dispatchEvent(new Event('close')))
    }
  }

  addEventListener(type, listener, options) {
    super.addEventListener(type, listener, options)
    if (type === 'message') this.start()
  }

  on(type, listener) {
    this.addEventListener(type, type === 'message' ? (event) => listener(event.data) : listener)
    return this
  }

  once(type, listener) {
    this.addEventListener(type, type === 'message' ? (event) => listener(event.data) : listener, { once: true })
    return this
  }

  off(type, listener) { this.removeEventListener(type, listener); return this }
  ref() {}
  unref() {}
}
handlerProperty(MessagePort.prototype, 'message')
handlerProperty(MessagePort.prototype, 'messageerror')

export class MessageChannel {
  constructor() { [this.port1, this.port2] = MessagePort.pair() }
}

const channels = new Set()

/** Every instance is alone: only its own channels of the name hear what is posted. */
export class BroadcastChannel extends EventTarget {
  constructor(name) {
    super()
    this.name = `${name}`
    channels.add(this)
  }

  postMessage(message) {
    if (!channels.has(this)) throw new DOMException('BroadcastChannel is closed.', 'InvalidStateError')
    for (const other of channels) {
      if (other === this || other.name !== this.name) continue
      const data = structuredClone(message)
      setImmediate(() => { if (channels.has(other)) other.dispatchEvent(new MessageEvent('message', { data })) })
    }
  }

  close() { channels.delete(this) }
  ref() {}
  unref() {}
}
handlerProperty(BroadcastChannel.prototype, 'message')
