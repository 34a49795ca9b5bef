/** The module `roost`, over the host's own functions. */
import { makeApi } from '../../roost/api.js'
import { call, callNow, log } from './host.js'
import { format } from './node/inspect.js'
import { phase } from './phase.js'

const SYNCHRONOUS = new Set(['secrets.get', 'secrets.names'])

const roost = makeApi({
  async call(name, args) {
    if (SYNCHRONOUS.has(name)) return callNow(name, args)
    // A bot that sends at its top level would send again with every image that is made of it.
    if (phase.now === 'boot' && (name.startsWith('whatsapp.') || name.startsWith('flows.') || name === 'templates.send')) {
      throw { payload: { tag: 'denied', val: `${name} was called while the bot starts; messages can only be sent while an event is handled` } } // eslint-disable-line no-throw-literal
    }
    return call(name, args)
  },
  log,
  format,
  async pool() {
    const { Pool } = process.getBuiltinModule('pg')
    return (this.shared ??= new Pool())
  },
})

export default roost
