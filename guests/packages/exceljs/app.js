const ExcelJS = require('exceljs')
const { serve } = require('../checks')

const written = async () => {
  const book = new ExcelJS.Workbook()
  const sheet = book.addWorksheet('Folha')
  sheet.columns = [{ header: 'Nome', key: 'nome', width: 20 }, { header: 'N', key: 'n' }]
  sheet.addRow({ nome: 'Ana', n: 1.5 })
  sheet.addRow({ nome: 'ç', n: { formula: 'SUM(B2:B2)', result: 1.5 } })
  sheet.getRow(1).font = { bold: true }
  return book.xlsx.writeBuffer()
}
serve({
  checks: {
    again: async () => { const book = new ExcelJS.Workbook(); await book.xlsx.load(await written()); const sheet = book.getWorksheet('Folha'); return [sheet.rowCount, sheet.getRow(2).values, sheet.getRow(1).font.bold, sheet.getCell('B3').formula] },
    csv: async () => { const book = new ExcelJS.Workbook(); await book.xlsx.load(await written()); return String(await book.csv.writeBuffer()) },
    cells: () => { const sheet = new ExcelJS.Workbook().addWorksheet('x'); sheet.getCell('C3').value = 7; sheet.mergeCells('A1:B1'); return [sheet.getCell('C3').address, sheet.dimensions.model] },
  },
})
