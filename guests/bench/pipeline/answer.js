// What the bot does with a message: one statement that writes, and one reply.
exports.schema = 'create table if not exists visitor (phone text primary key, visits integer not null)'

exports.answer = async (db, message, send) => {
  const { rows } = await db.query(
    `insert into visitor (phone, visits) values ($1, 1)
     on conflict (phone) do update set visits = visitor.visits + 1 returning visits`,
    [message.from],
  )
  await send(message.from, `${message.text.body} (visit ${rows[0].visits})`)
}
