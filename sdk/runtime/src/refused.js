/** Connections that bots ask for and cannot have: what they are, and what to do instead. */
import { unavailable } from './errors.js'
import { phase } from './phase.js'

const HTTP_API = 'or use a service that has an HTTP API, with `fetch`'

/** What usually answers at a port, and what to do instead. */
const SERVICES = [
  [[27017, 27018, 27019], 'MongoDB', `Keep the data in the project's own Postgres, with \`pg\`, ${HTTP_API}.`],
  [[6379, 6380], 'Redis', `Keep the data in the project's own Postgres, with \`pg\`, ${HTTP_API}.`],
  [[3306, 33060], 'MySQL', 'Keep the data in the project\'s own Postgres, with `pg`.'],
  [[5432, 6432], 'Postgres', 'Use `pg`: it is connected to the project\'s own database.'],
  [[1433], 'SQL Server', 'Keep the data in the project\'s own Postgres, with `pg`.'],
  [[5671, 5672], 'RabbitMQ', `Queue in the project's own Postgres, with \`pg\`, ${HTTP_API}.`],
  [[25, 465, 587, 2525], 'a mail server', 'Send mail by a provider\'s HTTP API, with `fetch`.'],
  [[110, 143, 993, 995], 'a mailbox', 'Read mail by a provider\'s HTTP API, with `fetch`.'],
  [[9092], 'Kafka', `Queue in the project's own Postgres, with \`pg\`, ${HTTP_API}.`],
  [[11211], 'memcached', 'Keep the data in the project\'s own Postgres, with `pg`.'],
  [[9042], 'Cassandra', 'Keep the data in the project\'s own Postgres, with `pg`.'],
  [[1883, 8883], 'an MQTT broker', 'Use a broker that has an HTTP API, with `fetch`.'],
  [[4222], 'NATS', 'Use a service that has an HTTP API, with `fetch`.'],
]
const ADVICE = 'Use `pg` for the database, and `fetch` or `http` for other services.'

/** What was refused while the image is made: `{ what, error }`. */
let refusals = []

export function refusedAtStart() {
  return refusals
}

/** The error for a connection to `host`:`port`. */
export function refuseConnection(host, port) {
  const [, name, advice] = SERVICES.find(([ports]) => ports.includes(Number(port))) ?? []
  const place = port === undefined ? host : `${host}:${port}`
  const error = unavailable(`A TCP connection to ${name ? `${name} at ` : ''}${place}`, advice ?? ADVICE)
  note(name ? `${name} at ${place}` : place, error)
  return error
}

/** A name that the host does not resolve for bots; `_mongodb._tcp.NAME` says whose it is. */
export function refuseName(name, error) {
  const [, service, host] = /^_([a-z0-9-]+)\._(?:tcp|udp)\.(.+)$/.exec(name) ?? []
  const shown = service === 'mongodb' ? 'MongoDB' : service
  note(shown ? `${shown} at ${host}` : name, error)
  return error
}

function note(what, error) {
  if (phase.now === 'boot' && !refusals.some((refusal) => refusal.what === what)) refusals.push({ what, error })
}

/** Nothing of the boot's stays in the image. */
export function forgetRefusals() {
  refusals = []
}
