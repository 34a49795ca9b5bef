/** `node:readline`: lines of a stream; there is no terminal to edit them in. */
import { EventEmitter } from './events.js'

export class Interface extends EventEmitter {
  constructor(input, output) {
    super()
    const options = typeof input?.on === 'function' ? { input, output } : input ?? {}
    this.input = options.input
    this.output = options.output
    this.closed = false
    this.terminal = false
    this.line = ''
    let rest = ''
    this.input?.on('data', (chunk) => {
      const lines = (rest + chunk).split(/\r\n|\n|\r/)
      rest = lines.pop()
      for (const line of lines) this.emit('line', line)
    })
    this.input?.on('end', () => {
      if (rest) this.emit('line', rest)
      this.close()
    })
  }

  close() {
    if (this.closed) return
    this.closed = true
    this.emit('close')
  }

  question(query, options, callback) {
    this.output?.write?.(query)
    this.once('line', typeof options === 'function' ? options : callback)
  }

  setPrompt() {}
  prompt() {}
  pause() { this.input?.pause?.(); return this }
  resume() { this.input?.resume?.(); return this }
  write() {}

  [Symbol.asyncIterator]() {
    const lines = []
    let wake
    this.on('line', (line) => { lines.push(line); wake?.() })
    this.on('close', () => wake?.())
    const self = this
    return (async function* () {
      for (;;) {
        while (lines.length > 0) yield lines.shift()
        if (self.closed) return
        await new Promise((resolve) => { wake = resolve })
      }
    })()
  }
}

const createInterface = (input, output) => new Interface(input, output)

export default {
  Interface, createInterface, clearLine: () => true, clearScreenDown: () => true, cursorTo: () => true, moveCursor: () => true,
  emitKeypressEvents() {},
  promises: {
    Interface,
    createInterface(input, output) {
      const made = createInterface(input, output)
      const ask = made.question.bind(made)
      made.question = (query, options) => new Promise((resolve) => ask(query, options, resolve))
      return made
    },
  },
}
