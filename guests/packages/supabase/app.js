const { createClient } = require('@supabase/supabase-js')
const { failure, serve } = require('../checks')

const client = () => createClient('https://x.supabase.co', 'key', { auth: { persistSession: false, autoRefreshToken: false } })
serve({
  checks: {
    select: () => client().from('orders').select('id, total').eq('paid', true).order('id').limit(2),
    insert: () => client().from('orders').insert({ id: 3 }).select().single(),
    update: () => client().from('orders').update({ paid: true }).eq('id', 1).then(({ status, error }) => [status, error]),
    rpc: () => client().rpc('add', { a: 1, b: 2 }).then(({ data }) => data),
    error: () => client().from('none').select().then(({ error, status }) => [error, status]),
    signIn: () => client().auth.signInWithPassword({ email: 'ana@example.com', password: 'pw' }).then(({ data, error }) => [data.user?.email, error]),
    wrongPassword: () => client().auth.signInWithPassword({ email: 'ana@example.com', password: 'bad' }).then(({ error }) => [error.name, error.message, error.status]),
    storage: () => client().storage.from('files').upload('a.txt', 'content').then(({ data, error }) => [data, error]),
    publicUrl: () => client().storage.from('files').getPublicUrl('a b.txt').data.publicUrl,
    functions: () => client().functions.invoke('hello', { body: { name: 'Ana' } }).then(({ data }) => data),
    channel: () => client().channel('room').topic,
    invalid: () => failure(() => createClient('', 'key')),
  },
})
