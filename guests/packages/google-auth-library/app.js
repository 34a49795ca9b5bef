const { GoogleAuth, JWT, OAuth2Client } = require('google-auth-library')
const { failure, serve } = require('../checks')

const client = () => new OAuth2Client('id', 'secret', 'https://a.example/back')
const key = () => require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
serve({
  checks: {
    url: () => client().generateAuthUrl({ scope: 'x', state: 'ç', prompt: 'consent' }),
    token: () => client().getToken('code').then(({ tokens }) => [tokens.access_token, tokens.token_type]),
    refresh: async () => { const oauth = client(); oauth.setCredentials({ refresh_token: 'r' }); return (await oauth.getAccessToken()).token },
    pkce: async () => { const { codeVerifier, codeChallenge } = await client().generateCodeVerifierAsync(); return [codeVerifier.length, codeChallenge.length] },
    invalid: () => failure(() => client().getToken('bad')).then(({ failed }) => failed.message),
    noKey: () => failure(() => new GoogleAuth({ credentials: { client_email: 'a' } }).getAccessToken()).then(({ failed }) => failed.name),
    serviceAccount: () => new JWT({ email: 'bot@example.iam', key: key(), scopes: ['x'] }).authorize().then(({ access_token }) => access_token),
  },
})
