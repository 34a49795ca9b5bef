/** `roost:bot/certificates` by Node's own: what the host does, for tests without a host. */
import crypto from 'node:crypto'

/**
 * @param {(bytes: Uint8Array) => Uint8Array} bytes makes an array of the bot's realm
 * @param {(object: crypto.KeyObject) => object} described a public key as the host gives it
 * @param {(error: Error) => never} told what Node threw, as the host tells it
 * @param {(values: any[]) => any[]} array makes an array of the bot's realm
 */
export function certificates(bytes, described, told, array) {
  const open = (der) => new crypto.X509Certificate(der)
  const attributes = (name) => array(Object.entries(name ?? {}).flatMap(([key, value]) => [value].flat().map((one) => ({ name: key, value: one }))))
  const options = ({ subject, ...flags }) => ({ ...flags, subject: subject === undefined ? 'default' : subject ? 'always' : 'never' })
  const seconds = (text) => BigInt(Date.parse(text) / 1000)
  const functions = {
    read(data) {
      const x = open(data)
      const { subject, issuer } = x.toLegacyObject()
      return {
        der: bytes(x.raw), subject: attributes(subject), issuer: attributes(issuer), subjectText: x.subject ?? '', issuerText: x.issuer ?? '', subjectAltName: x.subjectAltName, infoAccess: x.infoAccess,
        validFrom: x.validFrom, validTo: x.validTo, validFromSeconds: seconds(x.validFrom), validToSeconds: seconds(x.validTo), serialNumber: x.serialNumber, ca: x.ca,
        extendedKeyUsage: x.keyUsage && array(x.keyUsage), signatureAlgorithm: '', signatureAlgorithmOid: '', publicKey: described(x.publicKey),
      }
    },
    verify: (der, key) => open(der).verify(crypto.createPublicKey({ key, format: 'der', type: 'spki' })),
    'is-issued-by': (der, issuer) => open(der).checkIssued(open(issuer)),
    'match-host': (der, host, matching) => open(der).checkHost(host, options(matching)),
    'match-email': (der, address, matching) => open(der).checkEmail(address, options(matching)) !== undefined,
    'match-ip': (der, address) => open(der).checkIP(address) !== undefined,
  }
  return Object.fromEntries(Object.entries(functions).map(([name, run]) => [`certificates.${name}`, (...args) => {
    try {
      return run(...args)
    } catch (error) {
      return told(error)
    }
  }]))
}
