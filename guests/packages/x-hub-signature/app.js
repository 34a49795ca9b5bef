const { serve } = require('../checks')

const load = () => import('x-hub-signature')
serve({
  checks: {
    exports: async () => Object.keys(await load()).sort(),
    sign: async () => { const { default: XHub } = await load(); return new XHub('sha256', 'a secret').sign('{"a":1}') },
    verify: async () => {
      const { default: XHub } = await load()
      const hub = new XHub('sha1', 'a secret'), signature = hub.sign(Buffer.from('text'))
      return [signature, hub.verify(signature, Buffer.from('text')), hub.verify(signature, Buffer.from('other'))]
    },
  },
})
