const { failure, serve } = require('../checks')

const jose = () => import('jose')
const SECRET = new TextEncoder().encode('a secret that is long enough for it')
const pair = (algorithm) => async () => {
  const { generateKeyPair, SignJWT, jwtVerify } = await jose()
  const { privateKey, publicKey } = await generateKeyPair(algorithm)
  return (await jwtVerify(await new SignJWT({ a: 1 }).setProtectedHeader({ alg: algorithm }).sign(privateKey), publicKey)).payload
}
serve({
  checks: {
    hs256: async () => { const { SignJWT } = await jose(); return new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt(1000).sign(SECRET) },
    verify: async () => { const { SignJWT, jwtVerify } = await jose(); return jwtVerify(await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'HS512' }).setIssuer('us').sign(SECRET), SECRET, { issuer: 'us' }) },
    wrong: async () => { const { jwtVerify, SignJWT } = await jose(); return failure(async () => jwtVerify(await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(SECRET), new TextEncoder().encode('x'.repeat(40)))) },
    decode: async () => { const { decodeJwt, decodeProtectedHeader } = await jose(); const token = 'eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.x'; return [decodeJwt(token), decodeProtectedHeader(token)] },
    expired: async () => { const { SignJWT, jwtVerify } = await jose(); return failure(async () => jwtVerify(await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setExpirationTime(1000).sign(SECRET), SECRET)) },
    base64url: async () => { const { base64url } = await jose(); return [base64url.encode('olá'), base64url.decode('b2zDoQ')] },
    rs256: pair('RS256'),
    es256: pair('ES256'),
    jwe: async () => { const { EncryptJWT, jwtDecrypt } = await jose(); const key = new Uint8Array(32).fill(7); return (await jwtDecrypt(await new EncryptJWT({ a: 1 }).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key), key)).payload },
  },
})
