/** `node:dns`: names are resolved by the host when it connects; a bot need not know the address. */
import { systemError } from '../errors.js'
import { refuseName } from '../refused.js'
import { isIP } from './net.js'

const codes = {
  NODATA: 'ENODATA', FORMERR: 'EFORMERR', SERVFAIL: 'ESERVFAIL', NOTFOUND: 'ENOTFOUND', NOTIMP: 'ENOTIMP', REFUSED: 'EREFUSED',
  TIMEOUT: 'ETIMEOUT', CONNREFUSED: 'ECONNREFUSED', CANCELLED: 'ECANCELLED',
}

/** Knows literal addresses and this machine; for other names it says that it cannot. */
function known(name, syscall) {
  if (isIP(name)) return name
  if (name === 'localhost') return '127.0.0.1'
  const error = systemError('ENOTFOUND', '', syscall)
  error.message = `${syscall} ENOTFOUND ${name} (Roost resolves names when it connects; use \`fetch\` or \`http\` with the name itself)`
  throw refuseName(name, Object.assign(error, { hostname: name }))
}

const promises = {
  async lookup(name, options) {
    const address = known(name, 'getaddrinfo')
    const result = { address, family: isIP(address) }
    return options?.all ? [result] : result
  },
  async resolve(name) { return [known(name, 'queryA')] },
  getServers: () => [], setServers() {}, setDefaultResultOrder() {}, getDefaultResultOrder: () => 'verbatim',
}
for (const kind of ['4', '6', 'Any', 'Caa', 'Cname', 'Mx', 'Naptr', 'Ns', 'Ptr', 'Soa', 'Srv', 'Txt']) {
  promises[`resolve${kind}`] = async (name) => [known(name, `query${kind}`)]
}
promises.reverse = async (address) => [known(address, 'getHostByAddr')]

const dns = { promises, ...codes, ADDRCONFIG: 1024, V4MAPPED: 2048, ALL: 256 }
for (const [name, fn] of Object.entries(promises)) {
  if (!/^(lookup|resolve|reverse)/.test(name)) {
    dns[name] = fn
    continue
  }
  dns[name] = (...args) => {
    const callback = args.pop()
    fn(...args).then((result) => {
      if (name === 'lookup' && !args[1]?.all) callback(null, result.address, result.family)
      else callback(null, result)
    }, (error) => callback(error))
  }
}
class Resolver {}
Object.assign(Resolver.prototype, dns, { cancel() {} })
dns.Resolver = promises.Resolver = Resolver
Object.assign(promises, codes)

export default dns
