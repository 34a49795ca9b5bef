/** `node:worker_threads`: there is one thread; channels within it work, and workers of code given as text. */
import { BroadcastChannel, MessageChannel, MessagePort } from '../web/messages.js'
import { Worker } from './worker.js'

export default {
  isMainThread: true, isInternalThread: false, threadId: 0, parentPort: null, workerData: null, resourceLimits: {},
  SHARE_ENV: Symbol.for('nodejs.worker_threads.SHARE_ENV'),
  Worker, MessageChannel, MessagePort, BroadcastChannel,
  markAsUntransferable() {}, markAsUncloneable() {}, isMarkedAsUntransferable: () => false,
  moveMessagePortToContext: (port) => port,
  receiveMessageOnPort() {}, getEnvironmentData() {}, setEnvironmentData() {}, postMessageToThread() {},
}
