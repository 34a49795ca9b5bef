const { sheets, auth: googleAuth } = require('@googleapis/sheets')
const { failure, serve } = require('../checks')

const api = sheets({ version: 'v4', auth: 'key' })
const oauth = () => { const client = new googleAuth.OAuth2('id', 'secret', 'https://a.example'); client.setCredentials({ access_token: 't', expiry_date: 9e12 }); return sheets({ version: 'v4', auth: client }) }
const key = () => require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
serve({
  checks: {
    get: () => api.spreadsheets.values.get({ spreadsheetId: 's', range: 'A1:B2' }).then(({ status, data }) => [status, data]),
    append: () => oauth().spreadsheets.values.append({ spreadsheetId: 's', range: 'A1', valueInputOption: 'RAW', requestBody: { values: [['Ana', 3]] } }).then(({ data }) => data),
    error: () => failure(() => api.spreadsheets.values.get({ spreadsheetId: 'none', range: 'A1' })).then(({ failed }) => [failed.message, failed.code]),
    batch: () => api.spreadsheets.values.batchGet({ spreadsheetId: 's', ranges: ['A1', 'B1'] }).then(({ config, data }) => [String(config.url), data]),
    serviceAccount: async () => { const jwt = new googleAuth.JWT({ email: 'bot@example.iam', key: key(), scopes: ['https://www.googleapis.com/auth/spreadsheets'] }); return sheets({ version: 'v4', auth: jwt }).spreadsheets.values.get({ spreadsheetId: 's', range: 'A1' }).then(({ status }) => status) },
  },
})
