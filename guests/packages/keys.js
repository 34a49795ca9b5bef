// Keys that everybody knows: what they sign is the same each time.
const crypto = require('node:crypto')

const RSA_JWK = {
  kty: 'RSA',
  n: 'jvPe3902lWdNGilbf7w_otGSLtz1q6BmAeVYCQpgXw-_Xl2m8rqqopIXQ9hAce1AfKosJWIcVyxovDAjaXHzRQ07QeJWWLK6pKH8ZxEPJt5YM-LXEQaPiYd-tz7CcpA07TKYgqUEl8GMdSYgt-D2VnU-OrOwam1ANT1w4r58Vy9WZPyqiDq5zpac-NCnATW3IDjboaequymitCm9KwE7fehqEBmBr91J2btqYK6YTHylJcnZ1UrF4ml1c8ItLB3lLSvIgtdTuAPt6T-Y_00vs6LWU4QBIPT_dpUNlyNF7hcdlTHAb835MCenE8j0H5EkIAkx6QDVMoUZDIErAMdv6Q',
  e: 'AQAB',
  d: 'GyzUCRWJ-1Pkbd0_1iQIquCRHBSIJUS8L48UMb_FuzyIoh1Gj-0ZZAdGofCZq66w7CIDe2XPwmigTmoOSUzOtKlDww4OYRU08vgSPduZ2Ec7WD2-qa9oGPpnhdlJ6LJuRUsxf-Bz4495Lon9fUcoPR5ToqAnIMw9AQH5lDkm9QGzckbp6zKYeXbkexXyOPyr7j46fLLZgQ1tY57vb_FuFDa--gxQn7IihRHUdGcfHvOcErGrS1UlLkBuvXhoqkdwFVNJ0zRoM9vT3RPUPERAhNbG-jF73LYdXVHfudq-0oodiE5MXL1s3_F061NuM385yTCBHOnUTPe1dC7eIH3uaw',
  p: 'xcfrTUbhBg6mPySvBCN6FGl72rnXozuFPQbdkWtvwQ5gLekzaCc_tACIDlF7SBCUcA9gNIlNAiksVxZC2wjmArqTnBqlMBT-XYniqjLZZ9jl2h8nQHBZvrQIEX1jx0WRg2vRA_HwelYo7a2BaWPZEUMQsJXlWrtfoJG--cFeEms',
  q: 'uQhH8lSQDHSHmkBJ17zzUAzSYRU84Rs0Md-3WWYQHdJnTXKPyI2KtRZ6fz5Q4b6mkMm7ZaNvemY9_fkTPAN4HGDAPUma5VwmekZctetQ4kmxSWehhCP5k_io2OLyTo8v7McBume9OOCVjQz4PuwPaxlV3r0Qv3CPewJZg2xEY_s',
  dp: 'JVMlROArd0ksdp4lqVJIp7GAfja0S0ngSzQQfHEaFgTwgbmQygceLoorIwidi2wVl1BPh5qhvdanV4gL9eon_jvXv44Hvps3pc9vx07xWHfGaPOYJMEPLr4rB6HyQpkObQ7b0zLFf1DjSHeGBK2jOW6-p5SiRA04bsUSlW-4oSE',
  dq: 'WPXPSYY4n5RjIdlo502UGdegSkbgt0XSCWyLBXNZqkzfl8_Nq1nJ55jAGm9GidKU2KX08D_suAdyJKpdAgyU8efeZVj_HOj6Iu2zY0-Y2sMddrJZaGO3edoiq-wpHXYgT5G6lfmMc00e-erTa8UpAI_0xhtWcwRWJ4kQqmwiUYM',
  qi: 'PsNM03jvcwrME1ioTCMiapTxsbHt14-2LmvkH0RQsJZMFtuZIeki3B4ybYQrXTk5wI5CkiNxqo2p3AAioYk6MVc9vkiCFFnWhR2QqGg0ck-q8Xw3zMDhsks2c8PxJIVfvbHR9eUpdhlmSLjfKKDnhEqygg0s7zi2eM2N5mAZPVc',
}
const EC_JWK = { kty: 'EC', x: 'dsC2pVl_ADkqJIvScmrx1f-PZ6FRfVsh4uAgz502cNs', y: 'lBL5vOPFrF1JC8lCnuC6U1WsH4zD_L1OgNROb64t_2Q', crv: 'P-256', d: 'HeEz30rktOGbWBdoIf69k3ckmAdjOHp3o0_NrVkjuJg' }

/** SEC 1 of the same EC key, its curve not named but written out number by number, as OpenSSL did until version 1.0. */
const EC_IN_NUMBERS = 'MIIBaAIBAQQgHeEz30rktOGbWBdoIf69k3ckmAdjOHp3o0/NrVkjuJiggfowgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8YyVRAgEBoUQDQgAEdsC2pVl/ADkqJIvScmrx1f+PZ6FRfVsh4uAgz502cNuUEvm848WsXUkLyUKe4LpTVawfjMP8vU6A1E5vri3/ZA=='

const lines = (base64) => base64.match(/.{1,64}/g).join('\n')
const privateKey = (key) => crypto.createPrivateKey({ key, format: 'jwk' })

module.exports = {
  RSA_JWK, EC_JWK,
  rsa: () => privateKey(RSA_JWK), ec: () => privateKey(EC_JWK),
  /** As the file of a service account has it. */
  rsaPem: () => privateKey(RSA_JWK).export({ type: 'pkcs8', format: 'pem' }),
  rsaPublicPem: () => crypto.createPublicKey(privateKey(RSA_JWK)).export({ type: 'spki', format: 'pem' }),
  ecInNumbers: () => `-----BEGIN EC PRIVATE KEY-----\n${lines(EC_IN_NUMBERS)}\n-----END EC PRIVATE KEY-----\n`,
}
