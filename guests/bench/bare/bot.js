// The least a bot can be: node:http, one handler, no framework.
const http = require('node:http')

http.createServer((request, response) => {
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () => {
    const { entry } = JSON.parse(Buffer.concat(parts).toString())
    response.end(entry[0].changes[0].value.messages[0].text.body)
  })
}).listen(process.env.PORT)
