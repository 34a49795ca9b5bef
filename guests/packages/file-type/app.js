const { serve } = require('../checks')

const load = () => import('file-type')
const type = async (hex) => (await load()).fileTypeFromBuffer(Buffer.from(hex.padEnd(120, '0'), 'hex'))
serve({
  checks: {
    png: () => type('89504e470d0a1a0a0000000d49484452'),
    jpeg: () => type('ffd8ffe000104a464946'),
    pdf: () => type('255044462d312e34'),
    ogg: () => type('4f67675300020000000000000000000000000000000000000000011e4f70757348656164'),
    mp4: () => type('0000001c6674797069736f6d'),
    webp: () => type('524946460000000057454250'),
    zip: () => type('504b0304140000000800'),
    none: () => type('00'),
    stream: async () => (await load()).fileTypeFromStream(require('node:stream').Readable.toWeb(require('node:stream').Readable.from([Buffer.from('474946383961', 'hex'), Buffer.alloc(50)]))),
    blob: async () => (await load()).fileTypeFromBlob(new Blob([Buffer.from('ffd8ffdb', 'hex'), Buffer.alloc(50)])),
  },
})
