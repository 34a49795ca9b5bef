const { PDFDocument, StandardFonts, rgb } = require('pdf-lib')
const { serve } = require('../checks')

const made = async () => {
  const pdf = await PDFDocument.create()
  pdf.setTitle('Olá')
  const page = pdf.addPage([200, 100])
  page.drawText('Hello', { x: 10, y: 50, size: 12, font: await pdf.embedFont(StandardFonts.Helvetica), color: rgb(1, 0, 0) })
  page.drawRectangle({ x: 1, y: 1, width: 5, height: 5 })
  return pdf
}
serve({
  checks: {
    save: async () => { const bytes = await (await made()).save(); return [Buffer.from(bytes.subarray(0, 5)).toString(), bytes.length > 500] },
    load: async () => { const pdf = await PDFDocument.load(await (await made()).save()); return [pdf.getPageCount(), pdf.getTitle(), pdf.getPage(0).getSize()] },
    merge: async () => { const to = await PDFDocument.create(); for (const page of await to.copyPages(await made(), [0, 0])) to.addPage(page); return to.getPageCount() },
    form: async () => { const pdf = await made(); const field = pdf.getForm().createTextField('a'); field.setText('x'); field.addToPage(pdf.getPage(0)); return pdf.getForm().getTextField('a').getText() },
    width: async () => (await (await PDFDocument.create()).embedFont(StandardFonts.TimesRoman)).widthOfTextAtSize('Hello', 10),
  },
})
