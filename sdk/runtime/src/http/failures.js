/** How requests fail: the words of `wasi:http` in Node's. */
import { systemError } from '../errors.js'

/** What Node calls the failures of `wasi:http`. */
const CODES = [
  [/^DNS-timeout/, 'EAI_AGAIN', 'getaddrinfo'],
  [/^DNS|destination-not-found/, 'ENOTFOUND', 'getaddrinfo'],
  [/connection-refused/, 'ECONNREFUSED', 'connect'],
  [/destination-unavailable|IP-unroutable/, 'EHOSTUNREACH', 'connect'],
  [/connection-limit/, 'EMFILE', 'connect'],
  [/read-timeout|response-timeout/, 'ETIMEDOUT', 'read'],
  [/write-timeout/, 'ETIMEDOUT', 'write'],
  [/timeout/, 'ETIMEDOUT', 'connect'],
  [/IP-prohibited|request-denied/, 'EACCES', 'connect'],
  [/request-body-size/, 'EMSGSIZE', 'write'],
  [/response-body-size/, 'EMSGSIZE', 'read'],
  [/^TLS-certificate/, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'connect'],
  [/^TLS/, 'EPROTO', 'connect'],
]

/** What the host said of an error that was made of it. */
const told = new WeakMap()

/** What Node says of a connection that ended too early. */
export function hungUp(message, cause) {
  const error = Object.assign(new Error(message), { code: 'ECONNRESET' })
  if (cause) told.set(error, cause.payload)
  return error
}

/** Why a body broke off: as on Node it is a connection that ended too early, unless the host knows better. */
export function bodyError(error, authority = '') {
  if (error?.payload === undefined) return error
  const known = networkError(error, authority)
  return known.code === 'ECONNRESET' ? hungUp('aborted', error) : known
}

/** Gives an error of `wasi:http` the code that Node programs look for. */
export function networkError(error, authority) {
  const payload = error?.payload
  if (payload === undefined) return error
  const tag = payload.tag ?? String(payload)
  const detail = typeof payload.val === 'string' ? payload.val : payload.val?.rcode ?? payload.val?.alertMessage ?? ''
  const known = CODES.find(([pattern]) => pattern.test(tag))
  const hostname = authority.replace(/:\d+$/, '')
  // What the host tells beside it, such as a limit that was met, is worth reading; its own word for the end is not.
  if (!known) return hungUp(detail ? `socket hang up (${tag}: ${detail})` : 'socket hang up', error)
  const [, code, syscall] = known
  if (code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE') return Object.assign(new Error(`unable to verify the certificate of ${authority}`), { code })
  const result = systemError(code, tag, syscall)
  result.message = code === 'EACCES'
    ? `Roost does not let this bot reach ${authority}${detail ? `: ${detail}` : ''}`
    : code === 'EMFILE' ? `connect EMFILE ${authority}: as many requests are under way as there may be. Read each answer, or cancel it, and make fewer at once`
    : syscall === 'connect' ? `connect ${code} ${authority}${detail ? ` (${detail})` : ''}`
      : syscall === 'getaddrinfo' ? `getaddrinfo ${code} ${hostname}` : `${syscall} ${code}`
  return syscall === 'getaddrinfo' ? Object.assign(result, { hostname }) : result
}

/** The same, as `fetch` of Node tells it. */
export function fetchError(error) {
  // What the host says in words of its own, such as which limit was met, is told as it is.
  if (error?.code === 'ECONNRESET' && typeof told.get(error)?.val === 'string') return error
  const [name, code, message] = error?.code === 'ECONNRESET' ? ['SocketError', 'UND_ERR_SOCKET', 'other side closed']
    : error?.code !== 'ETIMEDOUT' ? [] : error.syscall === 'connect' ? ['ConnectTimeoutError', 'UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error']
      : ['HeadersTimeoutError', 'UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error']
  return code === undefined ? error : Object.assign(new Error(message), { name, code })
}
