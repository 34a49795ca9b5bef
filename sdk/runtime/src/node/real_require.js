/** `real-require`, by which pino loads its transports past a bundler: here by the bundle's own table. */
import { importOf, requireOf } from '../by_name.js'

export default { realImport: importOf('/app/app.js'), realRequire: requireOf('/app/app.js') }
