const { initializeApp, cert, deleteApp } = require('firebase-admin/app')
const { getAuth } = require('firebase-admin/auth')
const { failure, serve } = require('../checks')

const pem = () => require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
serve({
  checks: {
    load: () => [typeof initializeApp, typeof getAuth],
    app: async () => { const app = initializeApp({ projectId: 'p' }, 'one'); const name = app.name; await deleteApp(app); return name },
    token: async () => { const app = initializeApp({ credential: cert({ projectId: 'p', clientEmail: 'a@p.iam', privateKey: pem() }) }, 'two'); const token = await getAuth(app).createCustomToken('uid'); await deleteApp(app); return token.split('.').length },
    invalid: () => failure(() => cert({ projectId: 'p', clientEmail: 'a', privateKey: 'x' })).then(({ failed }) => failed.code),
  },
})
