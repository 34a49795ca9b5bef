/** Files like `.env`, as `process.loadEnvFile` and `util.parseEnv` read them. */

const LINE = /^\s*(?:export\s+)?([\w.-]+)\s*=[^\S\n]*(?:'([^']*)'|"([^"]*)"|`([^`]*)`|([^#\n]*))/gm

/** The variables of a text, by name. */
export function parseEnv(text) {
  const found = {}
  for (const [, name, single, double, back, plain] of text.replaceAll('\r\n', '\n').matchAll(LINE)) {
    found[name] = single ?? double?.replaceAll('\\n', '\n') ?? back ?? plain.trim()
  }
  return found
}
