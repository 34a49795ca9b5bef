const { formidable } = require('formidable')
const fs = require('node:fs')
const { serve } = require('../checks')

const app = async (req, res) => {
  const form = formidable({ multiples: true, maxFileSize: 2000, ...(req.url === '/kept' ? { keepExtensions: true, uploadDir: '/tmp' } : {}) })
  res.setHeader('content-type', 'application/json')
  try {
    const [fields, files] = await form.parse(req)
    const told = Object.values(files).flat().map((file) => ({ name: file.originalFilename, type: file.mimetype, size: file.size, text: fs.readFileSync(file.filepath, 'utf8') }))
    res.end(JSON.stringify({ fields, files: told }))
  } catch (error) {
    res.writeHead(error.httpCode ?? 400).end(JSON.stringify({ code: error.code, message: error.message.replace(/\d+ bytes/, 'N bytes') }))
  }
}
const part = (name, content, file) => `--B\r\nContent-Disposition: form-data; name="${name}"${file ? `; filename="${file}"\r\nContent-Type: text/plain` : ''}\r\n\r\n${content}\r\n`
const multipart = (path, ...parts) => ({ method: 'POST', path, headers: { 'content-type': 'multipart/form-data; boundary=B' }, body: `${parts.join('')}--B--\r\n` })
serve({
  app,
  requests: {
    file: multipart('/', part('who', 'Ana'), part('photo', 'content', 'a.txt')),
    kept: multipart('/kept', part('photo', 'one', 'a.txt'), part('photo', 'two', 'b.txt')),
    json: { method: 'POST', path: '/', headers: { 'content-type': 'application/json' }, body: '{"a":1}' },
    form: { method: 'POST', path: '/', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1&b=2' },
    noType: { method: 'POST', path: '/', body: 'x' },
  },
})
