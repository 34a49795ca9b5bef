/** The project's log. */

export function makeLog(backend) {
  return Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, (...values) => {
    backend.log(level, backend.format(...values))
  }]))
}
