/** What Roost gives a bot. Inside Roost the engine answers this import itself; this file is for plain Node. */
import { makeApi } from './api.js'
import { backend } from './node.js'

export const { whatsapp, flows, templates, media, conversations, secrets, log, database, messages, statuses, RoostError } = makeApi(backend)
