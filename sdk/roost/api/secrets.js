/** The project's secrets. */

export function makeSecrets(call) {
  return {
    async get(name) { return call('secrets.get', name) },
    async names() { return call('secrets.names') },
  }
}
