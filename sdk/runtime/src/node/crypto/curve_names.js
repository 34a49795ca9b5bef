/** The curves that JWK and the web know, by their names there, and OpenSSL's. */
export const CURVES = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' }
