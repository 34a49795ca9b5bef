/**
 * `.env`: shown where a bot looks for it.
 *
 * The file itself never comes along, and needs not: its variables are in the environment that the
 * host gives. Code that reads the file (dotenv's `config().parsed`, `process.loadEnvFile`) finds
 * that environment in it, as the bot's author would find his own.
 */

/** Whether a path is one at which code looks for such a file; samples are files like others. */
export function isEnvironmentFile(path) {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return path.startsWith('/app/') && /^\.env(\.|$)/.test(name) && !/\.(example|sample|template|dist)$/.test(name)
}

/** Variables as such a file has them. */
export function write(env) {
  return Object.entries(env).map(([name, value]) => `${name}=${quoted(String(value))}\n`).join('')
}

function quoted(value) {
  if (/^[\w./:@%+-]*$/.test(value)) return value
  const quote = ["'", '`', '"'].find((mark) => !value.includes(mark) && !(mark === '"' && /\\[nr]/.test(value)))
  // What has every kind of quote is read as it stands, as far as its first line goes.
  return quote ? `${quote}${value}${quote}` : value.replace(/[\r\n]+/g, ' ')
}
