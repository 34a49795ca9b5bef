-- Runs whose host disappeared, counted apart: a host takes down all that it runs, and most of it is
-- innocent. They are among `attempts`, and do not count against the bot.
alter table event add column lost integer not null default 0;
