const nodemailer = require('nodemailer')
const { failure, needs, serve } = require('../checks')

const mail = { from: 'Bot <bot@example.com>', to: ['ana@example.com', 'Bía <b@example.com>'], subject: 'Olá', text: 'plain', html: '<p>olá</p>', messageId: '<fixed@example.com>', date: new Date(0), attachments: [{ filename: 'a.txt', content: 'content' }] }
serve({
  checks: {
    json: async () => { const { message } = await nodemailer.createTransport({ jsonTransport: true }).sendMail(mail); const { subject, to, attachments } = JSON.parse(message); return { subject, to, attachments } },
    stream: async () => { const { message, envelope } = await nodemailer.createTransport({ streamTransport: true, buffer: true, newline: 'unix' }).sendMail(mail); return [envelope, message.toString().replace(/--_NmP-[\w-]+/g, 'PART')] },
    test: () => typeof nodemailer.createTestAccount,
    address: () => failure(() => nodemailer.createTransport({ jsonTransport: true }).sendMail({ from: 'x', to: 'a@b, c@d', text: 'x' })).then(({ went }) => went.envelope),
    smtp: needs('sockets', () => failure(() => nodemailer.createTransport({ host: '127.0.0.1', port: 1 }).sendMail(mail)).then(({ failed }) => failed.code)),
    smtpName: needs('sockets', () => failure(() => nodemailer.createTransport({ host: 'smtp.nobody.invalid', port: 25 }).verify()).then(({ failed }) => failed.code)),
  },
})
