// Dates, money and order as customers read them, in their language and time zone: 10/03/2023, R$ 1.234.567,89, marzo …
const express = require('express'), app = express()
const d = new Date('2023-03-10T23:23:05Z')
const cases = {
  date: () => d.toLocaleDateString('pt-BR'),
  zone: () => d.toLocaleString('pt-BR', { timeZone: 'America/Sao_Paulo' }),
  hour12: () => d.toLocaleTimeString('en-US', { hour12: false, timeZone: 'UTC' }),
  month: () => d.toLocaleString('es-ES', { month: 'long', timeZone: 'UTC' }),
  money: () => (1234567.891).toLocaleString('pt-BR', { style: 'currency', currency: 'BRL' }),
  fixed: () => (5).toLocaleString('en-US', { minimumFractionDigits: 2 }),
  sort: () => ['10', '9', '2'].sort((a, b) => a.localeCompare(b, undefined, { numeric: true })).join(),
  accent: () => 'a'.localeCompare('á', 'es', { sensitivity: 'base' }),
  intl: () => new Intl.NumberFormat('es-MX').format(1500),
  luxon: () => require('luxon').DateTime.fromISO('2026-03-08T06:30:00Z').setZone('America/New_York').toString(),
}
app.get('/', (q, s) => { const out = {}; for (const k in cases) try { out[k] = cases[k]() } catch (e) { out[k] = String(e) } s.json(out) })
app.get('/webhook', (q, s) => (q.query['hub.verify_token'] === process.env.VERIFY_TOKEN ? s.send(q.query['hub.challenge']) : s.sendStatus(403)))
app.post('/webhook', (q, s) => s.sendStatus(200))
app.listen(process.env.PORT || 3000)
