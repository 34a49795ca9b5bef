const FormData = require('form-data')
const { Readable } = require('node:stream')
const { WORLD, serve } = require('../../checks')

const filled = () => {
  const form = new FormData()
  form.append('who', 'Ana')
  form.append('photo', Buffer.from('content'), { filename: 'a.png', contentType: 'image/png' })
  return form
}
const plain = (form) => form.getBuffer().toString().replaceAll(form.getBoundary(), 'BOUNDARY')
serve({
  checks: {
    buffer: () => plain(filled()),
    headers: () => { const form = filled(); form.setBoundary('B'); return [form.getHeaders({ 'X-A': '1' }), form.getLengthSync(), form.hasKnownLength()] },
    length: () => new Promise((done, fail) => filled().getLength((error, length) => (error ? fail(error) : done(length > 0)))),
    stream: async () => { const form = new FormData(); form.append('s', Readable.from(['a', 'b']), { filename: 's.txt', knownLength: 2 }); return new Promise((done) => { let text = ''; form.on('data', (part) => { text += part }).on('end', () => done(text.replaceAll(form.getBoundary(), 'BOUNDARY'))).resume() }) },
    submit: () => new Promise((done, fail) => filled().submit(`${WORLD}/echo`, (error, response) => {
      if (error) return fail(error)
      let text = ''
      response.on('data', (part) => { text += part }).on('end', () => done([response.statusCode, JSON.parse(text).body]))
    })),
    pipe: () => new Promise((done, fail) => {
      const form = filled()
      const call = require('node:https').request(`${WORLD}/echo`, { method: 'POST', headers: form.getHeaders() }, (response) => {
        let text = ''
        response.on('data', (part) => { text += part }).on('end', () => done(JSON.parse(text).length > 0))
      }).on('error', fail)
      form.pipe(call)
    }),
  },
})
