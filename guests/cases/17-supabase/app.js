// Takes the global WebSocket for granted, which Node 22 has. Node: the client is made; its request says that nobody is there.
const { createClient } = require('@supabase/supabase-js')
const client = createClient('https://x.supabase.invalid', 'key')
require('http').createServer(async (req, res) => {
  const url = new URL(req.url, 'http://x')
  if (url.pathname !== '/') return res.end(url.searchParams.get('hub.challenge') ?? 'x')
  const query = client.from('orders').select('id').eq('paid', true)
  res.end(JSON.stringify({ url: query.url, channel: client.channel('x').topic, auth: typeof client.auth.signInWithPassword }))
}).listen(3000)
