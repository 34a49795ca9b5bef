'use strict'
// What files ask of `internal/crypto/util` and `internal/crypto/x509` that is no part of what they test.

const { X509Certificate } = require('crypto')

/** The number whose big-endian bytes these are. */
const bigIntArrayToUnsignedBigInt = (bytes) => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)

const isX509Certificate = (value) => value instanceof X509Certificate

module.exports = { isX509Certificate, bigIntArrayToUnsignedBigInt }
