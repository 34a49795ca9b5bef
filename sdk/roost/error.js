/** What every function of this package rejects with. */

/** The names the host gives to what went wrong, as `wit/` lists them. */
export class RoostError extends Error {
  /**
   * @param {string} code the case's name, for instance `rate-limited`
   * @param {string} message one line for people
   * @param {object} [details] what the host said besides: `status`, `graphCode`, `sqlstate` and so on
   * @param {unknown} [cause]
   */
  constructor(code, message, details = {}, cause = undefined) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'RoostError'
    this.code = code
    Object.assign(this, details)
  }
}

/** The error for what a host call rejected with. */
export function fromHost(error) {
  const payload = error?.payload
  // An error of the bot's own, or a RoostError already.
  if (payload === undefined) return error
  const { tag, val } = typeof payload === 'string' ? { tag: payload } : payload
  // A send that is part of something else ends as any other does.
  if (typeof val?.tag === 'string') return fromHost({ payload: val })
  if (typeof val === 'object' && val !== null && 'message' in val) {
    const { message, code, sqlstate, ...details } = val
    if (code !== undefined) details.graphCode = code
    if (sqlstate !== undefined) details.sqlstate = sqlstate
    const where = details.details ?? details.detail
    return new RoostError(tag, where ? `${message}: ${where}` : message, details, error)
  }
  return new RoostError(tag, val === undefined ? words(tag) : String(val), {}, error)
}

function words(tag) {
  return tag.replaceAll('-', ' ')
}
