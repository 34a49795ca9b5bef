const XLSX = require('xlsx')
const { serve } = require('../checks')

const book = () => { const book = XLSX.utils.book_new(); XLSX.utils.book_append_sheet(book, XLSX.utils.json_to_sheet([{ nome: 'Ana', n: 1.5, ok: true }, { nome: 'ç', n: 2 }]), 'Folha'); return book }
const again = (type) => XLSX.read(XLSX.write(book(), { type: 'buffer', bookType: type }))
serve({
  checks: {
    xlsx: () => { const { SheetNames, Sheets } = again('xlsx'); return [SheetNames, XLSX.utils.sheet_to_json(Sheets.Folha)] },
    xls: () => XLSX.utils.sheet_to_json(again('biff8').Sheets.Folha),
    csv: () => XLSX.utils.sheet_to_csv(book().Sheets.Folha),
    cells: () => { const sheet = XLSX.utils.aoa_to_sheet([[1, 'x'], [new Date(Date.UTC(2026, 0, 2)), null]]); return [sheet['!ref'], sheet.A1, sheet.B1.v, XLSX.utils.encode_cell({ c: 27, r: 3 })] },
    html: () => XLSX.utils.sheet_to_html(book().Sheets.Folha).length > 50,
    dates: () => XLSX.SSF.format('dd/mm/yyyy', 46000),
  },
})
