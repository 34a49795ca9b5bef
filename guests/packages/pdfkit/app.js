const PDFDocument = require('pdfkit')
const { serve } = require('../checks')

const made = (draw, options) => new Promise((done, fail) => {
  const pdf = new PDFDocument({ compress: false, info: { CreationDate: new Date(0) }, ...options })
  const parts = []
  pdf.on('data', (part) => parts.push(part)).on('end', () => done(Buffer.concat(parts).toString('latin1'))).on('error', fail)
  draw(pdf)
  pdf.end()
})
serve({
  checks: {
    text: async () => { const text = await made((pdf) => pdf.fontSize(20).text('Hello', 50, 50)); return [text.slice(0, 8), text.includes('Helvetica'), text.trimEnd().endsWith('%%EOF')] },
    pages: async () => (await made((pdf) => pdf.addPage().text('two'))).match(/\/Type \/Page\b/g).length,
    fonts: async () => (await made((pdf) => pdf.font('Times-Bold').text('x').font('Courier').text('y'))).match(/\/BaseFont \/[\w-]+/g),
    drawing: async () => (await made((pdf) => pdf.rect(1, 2, 3, 4).fill('red').circle(5, 5, 2).stroke())).includes('1 2 3 4 re'),
    compressed: async () => (await made((pdf) => pdf.text('x'.repeat(500)), { compress: true })).includes('/FlateDecode'),
  },
})
