const morgan = require('morgan')
const express = require('express')
const { serve } = require('../checks')

const lines = []
const stream = { write: (line) => lines.push(line) }
const app = express()
morgan.token('id', (req) => req.query.id)
const logged = (path, format, options) => app.get(path, morgan(format, { stream, ...options }), (req, res) => {
  res.on('finish', () => lines.push('finished\n'))
  res.send('x')
})
logged('/tiny', ':method :url :status :res[content-length] - ms')
logged('/own', ':id :referrer :user-agent HTTP/:http-version')
logged('/function', (tokens, req, res) => [tokens.method(req, res), tokens.status(req, res)].join('|'))
logged('/skipped', 'tiny', { skip: (req) => req.path === '/skipped' })
logged('/now', ':method :status', { immediate: true })
const call = (path) => async () => {
  lines.length = 0
  const { port } = await new Promise((done) => { const server = app.listen(0, () => done(server.address())) })
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { referer: 'r', 'user-agent': 'u' } })
  await answer.text()
  await new Promise((done) => setTimeout(done, 30))
  return lines.filter((line) => line !== 'finished\n')
}
serve({ checks: { tiny: call('/tiny'), own: call('/own?id=9'), function: call('/function'), skipped: call('/skipped'), immediate: call('/now') } })
