const { initializeApp, cert } = require('firebase-admin/app')
const { FieldValue, Timestamp, getFirestore } = require('firebase-admin/firestore')
const { needs, serve } = require('../checks')

serve({
  checks: {
    values: () => [Timestamp.fromMillis(1500).toDate(), FieldValue.increment(1).isEqual(FieldValue.increment(1))],
    reference: () => { const privateKey = require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }); const db = getFirestore(initializeApp({ credential: cert({ projectId: 'p', clientEmail: 'a@p.iam', privateKey }) }, 'store')); return db.collection('a').doc('b').path },
    emulated: needs('sockets', () => { process.env.FIRESTORE_EMULATOR_HOST = '127.0.0.1:1'; const db = getFirestore(initializeApp({ projectId: 'p' }, 'emulated')); return Promise.race([db.doc('a/b').get(), new Promise((done) => setTimeout(done, 500, 'waits'))]).catch(({ code }) => code) }),
  },
})
