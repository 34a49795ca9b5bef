const { GoogleAuth, JWT, OAuth2Client } = require('google-auth-library')
const { failure, serve } = require('../checks')
const { rsaPem, rsaPublicPem } = require('../keys')

const client = () => new OAuth2Client('id', 'secret', 'https://a.example/back')
/** What the file of a service account says; its tokens are looked at by who gives them out. */
const ACCOUNT = { type: 'service_account', project_id: 'p', private_key_id: '1', client_email: 'bot@checked.iam.gserviceaccount.com', client_id: '2' }
const account = (more) => ({ ...ACCOUNT, private_key: rsaPem(), ...more })
const claims = (token) => { const { iat, exp, ...rest } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url')); return { ...rest, lasts: exp - iat } }
serve({
  checks: {
    url: () => client().generateAuthUrl({ scope: 'x', state: 'ç', prompt: 'consent' }),
    token: () => client().getToken('code').then(({ tokens }) => [tokens.access_token, tokens.token_type]),
    refresh: async () => { const oauth = client(); oauth.setCredentials({ refresh_token: 'r' }); return (await oauth.getAccessToken()).token },
    pkce: async () => { const { codeVerifier, codeChallenge } = await client().generateCodeVerifierAsync(); return [codeVerifier.length, codeChallenge.length] },
    invalid: () => failure(() => client().getToken('bad')).then(({ failed }) => failed.message),
    noKey: () => failure(() => new GoogleAuth({ credentials: { client_email: 'a' } }).getAccessToken()).then(({ failed }) => failed.name),
    account: async () => (await new GoogleAuth({ credentials: account(), scopes: ['a', 'b'] }).getAccessToken()),
    accountFromJson: async () => (await new GoogleAuth().fromJSON(JSON.parse(JSON.stringify(account())), { scopes: 'a' }).authorize()).token_type,
    anotherKey: () => failure(() => new GoogleAuth({ credentials: account({ private_key: require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }) }), scopes: ['a'] }).getAccessToken()).then(({ failed }) => failed.message),
    noPem: () => failure(() => new JWT({ email: 'a', key: 'no key', scopes: ['x'] }).authorize()).then(({ failed }) => [failed.name, failed.code, failed.message]),
    selfSigned: async () => claims((await new JWT({ email: 'a@example.iam', key: rsaPem(), keyId: '1' }).getRequestHeaders('https://pubsub.googleapis.com/')).get('authorization')),
    signed: async () => new GoogleAuth({ credentials: account() }).sign('what is signed'),
    idToken: async () => { const oauth = client(); const now = Math.floor(Date.now() / 1000); const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url'); const text = `${part({ alg: 'RS256', kid: 'k' })}.${part({ iss: 'us', aud: 'id', iat: now - 10, exp: now + 100 })}`; const token = `${text}.${require('node:crypto').sign('sha256', text, rsaPem()).toString('base64url')}`; return (await oauth.verifySignedJwtWithCertsAsync(token, { k: rsaPublicPem() }, 'id', ['us'])).getPayload().aud },
    serviceAccount: () => new JWT({ email: 'bot@example.iam', key: rsaPem(), scopes: ['x'] }).authorize().then(({ access_token }) => access_token),
  },
})
