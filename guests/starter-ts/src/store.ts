// Everything the bot keeps: contacts, conversations with their state, messages, leads.

import pg from 'pg'
import type { Conversation, Incoming, Lead, Next } from './types.ts'

// Reads PGHOST, PGUSER and so on where DATABASE_URL is not set.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 })

const TABLES = [
  `create table if not exists contacts (
    phone text primary key,
    name text,
    created_at timestamptz not null default now()
  )`,
  `create table if not exists conversations (
    id bigint generated always as identity primary key,
    contact text not null unique references contacts (phone),
    state text not null default 'menu',
    data jsonb not null default '{}',
    updated_at timestamptz not null default now()
  )`,
  `create table if not exists messages (
    wamid text primary key,
    conversation_id bigint not null references conversations (id),
    direction text not null check (direction in ('in', 'out')),
    type text not null,
    content jsonb not null,
    handled boolean not null default true,
    created_at timestamptz not null default now()
  )`,
  `create table if not exists lead (
    id bigint generated always as identity primary key,
    contact text not null references contacts (phone),
    name text not null,
    email text not null,
    topic text not null,
    created_at timestamptz not null default now()
  )`,
]

export async function initDb(): Promise<void> {
  for (const table of TABLES) await pool.query(table)
}

export async function findOrCreateConversation(phone: string, name: string | null): Promise<Conversation> {
  const contact = await one<{ name: string | null }>(
    `insert into contacts (phone, name) values ($1, $2)
     on conflict (phone) do update set name = coalesce(excluded.name, contacts.name)
     returning name`,
    [phone, name],
  )
  const conversation = await one<Omit<Conversation, 'name'>>(
    `insert into conversations (contact) values ($1)
     on conflict (contact) do update set updated_at = now()
     returning id, contact, state, data`,
    [phone],
  )
  return { ...conversation, name: contact.name }
}

/** Keeps a message of the contact; false when it was answered before, as Meta may send it twice. */
export async function logInbound(conversationId: string, message: Incoming): Promise<boolean> {
  const content = message[message.type] ?? {}
  const { handled } = await one<{ handled: boolean }>(
    `insert into messages (wamid, conversation_id, direction, type, content, handled)
     values ($1, $2, 'in', $3, $4, false)
     on conflict (wamid) do update set wamid = excluded.wamid
     returning handled`,
    [message.id, conversationId, message.type, JSON.stringify(content)],
  )
  return !handled
}

/** Keeps the next state and ticks the message off, in one statement: both happen or neither. */
export async function finish(conversationId: string, wamid: string, { state, data = {} }: Next): Promise<void> {
  await pool.query(
    `with handled as (update messages set handled = true where wamid = $2)
     update conversations set state = $3, data = $4, updated_at = now() where id = $1`,
    [conversationId, wamid, state, data],
  )
}

export async function logOutbound(conversationId: string, wamid: string, type: string, content: object): Promise<void> {
  await pool.query(
    `insert into messages (wamid, conversation_id, direction, type, content)
     values ($1, $2, 'out', $3, $4)`,
    [wamid, conversationId, type, JSON.stringify(content)],
  )
}

export async function saveLead(contact: string, { name, email, topic }: Lead): Promise<void> {
  const values = [contact, name, email, topic]
  await pool.query('insert into lead (contact, name, email, topic) values ($1, $2, $3, $4)', values)
}

export const latestLead = (contact: string): Promise<Lead | undefined> =>
  one<Lead>('select name, email, topic from lead where contact = $1 order by id desc limit 1', [contact])

async function one<Row>(sql: string, values: unknown[]): Promise<Row> {
  const { rows } = await pool.query(sql, values)
  return rows[0] as Row
}
