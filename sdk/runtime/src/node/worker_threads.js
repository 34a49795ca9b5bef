/** `node:worker_threads`: there is one thread; channels within it work. */
import { unavailable } from '../errors.js'
import { BroadcastChannel, MessageChannel, MessagePort } from '../web/messages.js'

class Worker {
  constructor() { throw unavailable('worker_threads.Worker', 'A bot has one thread; do the work in it, or in another service.') }
}

export default {
  isMainThread: true, isInternalThread: false, threadId: 0, parentPort: null, workerData: null, resourceLimits: {},
  SHARE_ENV: Symbol.for('nodejs.worker_threads.SHARE_ENV'),
  Worker, MessageChannel, MessagePort, BroadcastChannel,
  markAsUntransferable() {}, markAsUncloneable() {}, isMarkedAsUntransferable: () => false,
  moveMessagePortToContext: (port) => port,
  receiveMessageOnPort() {}, getEnvironmentData() {}, setEnvironmentData() {}, postMessageToThread() {},
}
