/** `node:stream/web`. */
import * as streams from '../web/streams.js'
import * as transforms from '../web/stream_transforms.js'

export default { ...streams, ...transforms }
