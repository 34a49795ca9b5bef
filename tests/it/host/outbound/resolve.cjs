// Loaded into a bot on Node before its first line: `service.test` is this machine, and there is no other name.
const dns = require('node:dns')

dns.lookup = (name, options, callback) => {
  if (typeof options === 'function') [options, callback] = [{}, options]
  process.nextTick(() => {
    if (/^(service\.test|localhost|127\.0\.0\.1)$/.test(name)) {
      return options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4)
    }
    callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo', hostname: name }))
  })
}
