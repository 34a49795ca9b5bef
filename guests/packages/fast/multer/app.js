const fs = require('node:fs')
const multer = require('multer')
const express = require('express')
const { serve } = require('../../checks')

const app = express()
const memory = multer({ storage: multer.memoryStorage(), limits: { fileSize: 2000, files: 2 } })
const disk = multer({ storage: multer.diskStorage({ destination: '/tmp', filename: (req, file, done) => done(null, `up-${file.originalname}`) }) })
const tell = ({ fieldname, originalname, mimetype, size, buffer, path }) => ({ fieldname, originalname, mimetype, size, text: buffer?.toString() ?? fs.readFileSync(path, 'utf8'), path })
app.post('/one', memory.single('photo'), (req, res) => res.json({ file: tell(req.file), body: req.body }))
app.post('/many', memory.array('photo', 2), (req, res) => res.json({ files: req.files.map(tell), body: req.body }))
app.post('/fields', memory.fields([{ name: 'a' }, { name: 'b' }]), (req, res) => res.json(Object.values(req.files).flat().map(tell)))
app.post('/disk', disk.single('photo'), (req, res) => res.json({ file: tell(req.file) }))
app.post('/none', memory.none(), (req, res) => res.json(req.body))
app.use((error, req, res, next) => res.status(400).json({ name: error.name, code: error.code, message: error.message, field: error.field }))
const part = (name, content, file) => `--B\r\nContent-Disposition: form-data; name="${name}"${file ? `; filename="${file}"\r\nContent-Type: text/plain` : ''}\r\n\r\n${content}\r\n`
const post = (path, ...parts) => ({ method: 'POST', path, headers: { 'content-type': 'multipart/form-data; boundary=B' }, body: `${parts.join('')}--B--\r\n` })
serve({
  app,
  requests: {
    single: post('/one', part('who', 'Ana'), part('photo', 'content', 'a.txt')),
    many: post('/many', part('photo', '1', 'a.txt'), part('photo', '2', 'b.txt'), part('list[]', 'x'), part('list[]', 'y')),
    fields: post('/fields', part('a', '1', 'a.txt'), part('b', '2', 'b.txt')),
    disk: post('/disk', part('photo', 'on disk', 'c.txt')),
    none: post('/none', part('a', '1'), part('b', 'ç')),
    unexpected: post('/one', part('other', '1', 'a.txt')),
    tooLarge: post('/one', part('photo', 'x'.repeat(3000), 'a.txt')),
    broken: { method: 'POST', path: '/one', headers: { 'content-type': 'multipart/form-data' }, body: 'x' },
  },
})
