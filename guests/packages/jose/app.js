const { failure, serve } = require('../checks')
const { EC_JWK, RSA_JWK, rsaPem, rsaPublicPem } = require('../keys')

const jose = () => import('jose')
const SECRET = new TextEncoder().encode('a secret that is long enough for it')
const pair = (algorithm) => async () => {
  const { generateKeyPair, SignJWT, jwtVerify } = await jose()
  const { privateKey, publicKey } = await generateKeyPair(algorithm)
  return (await jwtVerify(await new SignJWT({ a: 1 }).setProtectedHeader({ alg: algorithm }).sign(privateKey), publicKey)).payload
}
/** What a service account asks a token for. */
const CLAIMS = { iss: 'bot@example.iam.gserviceaccount.com', scope: 'x', aud: 'https://oauth2.googleapis.com/token', iat: 1000, exp: 4600 }
const open = ({ kty, n, e, crv, x, y }) => ({ kty, n, e, crv, x, y })
/** A text encrypted for a key, and decrypted with it. */
const sealed = (header, keys, key) => async () => {
  const { CompactEncrypt, compactDecrypt, importJWK } = await jose()
  const [to, from] = keys ? [await importJWK(open(keys), header.alg), await importJWK(keys, header.alg)] : [key, key]
  const token = await new CompactEncrypt(Buffer.from('olá')).setProtectedHeader(header).encrypt(to)
  const { plaintext, protectedHeader } = await compactDecrypt(token, from, { keyManagementAlgorithms: [header.alg] })
  return [Buffer.from(plaintext).toString(), protectedHeader.alg, protectedHeader.enc, token.split('.').length]
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
    serviceAccount: async () => { const { SignJWT, importPKCS8 } = await jose(); return new SignJWT(CLAIMS).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: '1' }).sign(await importPKCS8(rsaPem(), 'RS256')) },
    spki: async () => { const { SignJWT, importPKCS8, importSPKI, jwtVerify } = await jose(); return (await jwtVerify(await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'PS384' }).sign(await importPKCS8(rsaPem(), 'PS384')), await importSPKI(rsaPublicPem(), 'PS384'), { currentDate: new Date(2e6) })).payload },
    exported: async () => { const { exportJWK, exportPKCS8, exportSPKI, importJWK } = await jose(); const key = await importJWK(EC_JWK, 'ES256', { extractable: true }); return [await exportJWK(key), await exportPKCS8(key), await exportSPKI(await importJWK(open(EC_JWK), 'ES256', { extractable: true }))] },
    thumbprint: async () => { const { calculateJwkThumbprint } = await jose(); return [await calculateJwkThumbprint(EC_JWK), await calculateJwkThumbprint(RSA_JWK, 'sha512')] },
    keySet: async () => { const { SignJWT, createLocalJWKSet, importJWK, jwtVerify } = await jose(); const keys = createLocalJWKSet({ keys: [{ ...open(RSA_JWK), kid: 'r' }, { ...open(EC_JWK), kid: 'e', alg: 'ES256' }] }); return (await jwtVerify(await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'ES256', kid: 'e' }).sign(await importJWK(EC_JWK, 'ES256')), keys)).protectedHeader },
    noKey: async () => { const { createLocalJWKSet, jwtVerify, SignJWT } = await jose(); return failure(async () => jwtVerify(await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(SECRET), createLocalJWKSet({ keys: [open(RSA_JWK)] }))) },
    ed25519: pair('Ed25519'),
    jweRsa: sealed({ alg: 'RSA-OAEP-256', enc: 'A128GCM' }, RSA_JWK),
    jweRsaOld: sealed({ alg: 'RSA-OAEP', enc: 'A256CBC-HS512' }, RSA_JWK),
    jweEcdh: sealed({ alg: 'ECDH-ES', enc: 'A256GCM' }, EC_JWK),
    jweEcdhWrapped: sealed({ alg: 'ECDH-ES+A128KW', enc: 'A128CBC-HS256' }, EC_JWK),
    jweWrapped: sealed({ alg: 'A256KW', enc: 'A192GCM' }, undefined, new Uint8Array(32).fill(5)),
    jwePassword: sealed({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 1000 }, undefined, SECRET),
    jweSpoiled: async () => { const { CompactEncrypt, compactDecrypt } = await jose(); const key = new Uint8Array(16).fill(5); const token = await new CompactEncrypt(Buffer.from('x')).setProtectedHeader({ alg: 'dir', enc: 'A128GCM' }).encrypt(key); return failure(() => compactDecrypt(`${token.slice(0, -22)}${'A'.repeat(22)}`, key)) },
    jweShort: async () => { const { EncryptJWT } = await jose(); return failure(() => new EncryptJWT({}).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(new Uint8Array(16))) },
    jwe: async () => { const { EncryptJWT, jwtDecrypt } = await jose(); const key = new Uint8Array(32).fill(7); return (await jwtDecrypt(await new EncryptJWT({ a: 1 }).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key), key)).payload },
  },
})
