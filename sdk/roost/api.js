/** The functions of this package, over a backend: the host's own functions inside Roost, Meta's API and `pg` on Node. */
import { makeConversations } from './api/conversations.js'
import { makeDatabase } from './api/database.js'
import { makeFlows } from './api/flows.js'
import { makeLog } from './api/log.js'
import { makeMedia } from './api/media.js'
import { makeSecrets } from './api/secrets.js'
import { makeTemplates } from './api/templates.js'
import { makeWhatsapp } from './api/whatsapp.js'
import { RoostError, fromHost } from './error.js'
import { messages, statuses } from './inbound.js'

/**
 * @param {{
 *   call(name: string, args: unknown[]): Promise<any>,
 *   log(level: string, message: string): void,
 *   format(...values: unknown[]): string,
 *   pool(): Promise<any>,
 * }} backend `call` rejects with `{payload}` as the host does
 */
export function makeApi(backend) {
  async function call(name, ...args) {
    try {
      return await backend.call(name, args)
    } catch (error) {
      throw fromHost(error)
    }
  }

  const flows = makeFlows(call)
  const whatsapp = makeWhatsapp(call)
  return {
    flows,
    conversations: makeConversations(call),
    database: makeDatabase(backend),
    log: makeLog(backend),
    media: makeMedia(call, whatsapp),
    secrets: makeSecrets(call),
    templates: makeTemplates(call),
    whatsapp,
    messages,
    statuses,
    RoostError,
  }
}
