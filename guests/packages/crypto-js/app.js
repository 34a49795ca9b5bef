const CryptoJS = require('crypto-js')
const { serve } = require('../checks')

serve({
  checks: {
    hashes: () => ['MD5', 'SHA1', 'SHA256', 'SHA512', 'SHA3', 'RIPEMD160'].map((name) => CryptoJS[name]('olá').toString()),
    hmac: () => [CryptoJS.HmacSHA256('text', 'key').toString(), CryptoJS.HmacSHA1('text', 'key').toString(CryptoJS.enc.Base64)],
    aes: () => { const [key, iv] = ['000102030405060708090a0b0c0d0e0f', '101112131415161718191a1b1c1d1e1f'].map((hex) => CryptoJS.enc.Hex.parse(hex)); const sealed = CryptoJS.AES.encrypt('olá', key, { iv }); return [sealed.toString(), CryptoJS.AES.decrypt(sealed.toString(), key, { iv }).toString(CryptoJS.enc.Utf8)] },
    passphrase: () => CryptoJS.AES.decrypt(CryptoJS.AES.encrypt('text', 'pass').toString(), 'pass').toString(CryptoJS.enc.Utf8),
    pbkdf2: () => CryptoJS.PBKDF2('password', 'salt', { keySize: 4, iterations: 10 }).toString(),
    random: () => CryptoJS.lib.WordArray.random(16).sigBytes,
  },
})
