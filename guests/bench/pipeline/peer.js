// The same bot as one Node process that does by itself what a host does for it: verify, store before
// the 200, once for each message, in order in a conversation, and each send written down around its call.
const crypto = require('node:crypto')
const express = require('express')
const { Pool } = require('pg')
const { answer, schema } = require('./answer')

const { APP_SECRET, GRAPH_URL, PHONE_NUMBER_ID, PORT, WHATSAPP_TOKEN } = process.env
const SLOTS = 64
const db = new Pool({ max: 20 })
const app = express()

const TABLES = `
  create table if not exists contact (phone text primary key, name text, last_inbound_at timestamptz);
  create table if not exists event (
    event_id bigint generated always as identity primary key, phone text not null,
    wamid text not null unique, payload text not null, state text not null default 'pending',
    attempts integer not null default 0, received_at timestamptz not null default now(), finished_at timestamptz);
  create index if not exists event_pending on event (phone, event_id) where state = 'pending';
  create table if not exists queue (
    phone text primary key, pending integer not null, ready_at timestamptz not null, lease uuid);
  create table if not exists message (
    wamid text primary key, phone text not null, direction text not null, body json not null,
    at timestamptz not null default now());
  create table if not exists run (
    run_id uuid primary key, event_id bigint not null, started_at timestamptz not null default now(),
    ended_at timestamptz, outcome text);
  create table if not exists send (
    send_id bigint generated always as identity primary key, event_id bigint not null, hash bytea not null,
    state text not null default 'prepared', wamid text, response text, unique (event_id, hash));`

app.post('/webhook', express.raw({ type: '*/*' }), async (req, res) => {
  const signature = `sha256=${crypto.createHmac('sha256', APP_SECRET).update(req.body).digest('hex')}`
  const given = Buffer.from(req.get('x-hub-signature-256') ?? '')
  if (given.length !== signature.length || !crypto.timingSafeEqual(given, Buffer.from(signature))) return res.sendStatus(401)
  const { contacts, messages } = JSON.parse(req.body).entry[0].changes[0].value
  await transaction(async (tx) => {
    for (const message of messages ?? []) {
      await tx.query(
        `insert into contact values ($1, $2, now())
         on conflict (phone) do update set name = excluded.name, last_inbound_at = now()`,
        [message.from, contacts[0].profile.name])
      const { rowCount } = await tx.query(
        'insert into event (phone, wamid, payload) values ($1, $2, $3) on conflict (wamid) do nothing',
        [message.from, message.id, JSON.stringify(message)])
      if (rowCount === 0) continue
      await tx.query(`insert into message (wamid, phone, direction, body) values ($1, $2, 'in', $3)`,
        [message.id, message.from, JSON.stringify(message)])
      await tx.query(
        `insert into queue values ($1, 1, now()) on conflict (phone) do update set pending = queue.pending + 1,
           ready_at = case when queue.lease is null then now() else queue.ready_at end`, [message.from])
    }
  })
  res.sendStatus(200)
  work()
})

let running = 0
let claiming = false
let again = false

/** Claims what is ready and runs it, as many at once as there are slots. */
async function work() {
  if (claiming) return void (again = true)
  claiming = true
  do {
    again = false
    const free = SLOTS - running
    if (free === 0) break
    const claimed = await transaction(async (tx) => {
      await tx.query('set local synchronous_commit = off')
      const { rows } = await tx.query(
        `with ready as (select phone from queue where pending > 0 and ready_at <= now()
           order by ready_at limit $1 for update skip locked),
         leased as (update queue q set lease = gen_random_uuid(), ready_at = now() + interval '30 s'
           from ready where q.phone = ready.phone returning q.phone, q.lease),
         head as (select l.*, e.event_id, e.payload from leased l cross join lateral (
           select event_id, payload from event where phone = l.phone and state = 'pending'
           order by event_id limit 1) e),
         counted as (update event e set attempts = attempts + 1 from head where e.event_id = head.event_id),
         started as (insert into run (run_id, event_id) select lease, event_id from head)
         select * from head`, [free])
      return rows
    })
    running += claimed.length
    for (const event of claimed) run(event).finally(() => { running -= 1; work() })
  } while (again)
  claiming = false
}

async function run({ phone, lease, event_id, payload }) {
  await answer(db, JSON.parse(payload), (to, body) => send(event_id, to, body))
  await transaction(async (tx) => {
    await tx.query(`update event set state = 'done', finished_at = now() where event_id = $1`, [event_id])
    await tx.query(`update run set ended_at = now(), outcome = 'done' where run_id = $1`, [lease])
    await tx.query('update queue set pending = pending - 1, lease = null, ready_at = now() where phone = $1 and lease = $2',
      [phone, lease])
  })
}

async function send(event, to, body) {
  const message = JSON.stringify({ messaging_product: 'whatsapp', to, type: 'text', text: { body } })
  const hash = crypto.createHash('sha256').update(message).digest()
  const { rows } = await db.query('insert into send (event_id, hash) values ($1, $2) returning send_id', [event, hash])
  const response = await fetch(`${GRAPH_URL}/v25.0/${PHONE_NUMBER_ID}/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
    body: message,
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`Meta refused the message: ${text}`)
  const wamid = JSON.parse(text).messages[0].id
  await transaction(async (tx) => {
    await tx.query(`update send set state = 'sent', wamid = $2, response = $3 where send_id = $1`, [rows[0].send_id, wamid, text])
    await tx.query(`insert into message (wamid, phone, direction, body) values ($1, $2, 'out', $3)`, [wamid, to, message])
  })
}

async function transaction(steps) {
  const tx = await db.connect()
  try {
    await tx.query('begin')
    const result = await steps(tx)
    await tx.query('commit')
    return result
  } catch (error) {
    await tx.query('rollback')
    throw error
  } finally {
    tx.release()
  }
}

db.query(schema + ';' + TABLES).then(() => app.listen(PORT, '127.0.0.1', () => console.log('listening')))
