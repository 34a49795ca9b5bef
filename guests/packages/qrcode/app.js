const QRCode = require('qrcode')
const { failure, serve } = require('../checks')

const TEXT = 'https://wa.me/15551234567?text=olá'
serve({
  checks: {
    svg: () => QRCode.toString(TEXT, { type: 'svg' }),
    utf8: () => QRCode.toString('x', { type: 'utf8' }),
    terminal: () => QRCode.toString('x', { type: 'terminal', small: true }),
    dataUrl: async () => (await QRCode.toDataURL(TEXT)).slice(0, 40),
    buffer: async () => { const png = await QRCode.toBuffer(TEXT, { width: 100, margin: 1, color: { dark: '#ff0000' } }); return [png.subarray(0, 8), png.readUInt32BE(16)] },
    create: () => { const { version, modules, errorCorrectionLevel } = QRCode.create('PIX', { errorCorrectionLevel: 'H' }); return [version, modules.size, errorCorrectionLevel] },
    tooLong: () => failure(() => QRCode.toString('x'.repeat(5000))).then(({ failed }) => failed.message),
  },
})
