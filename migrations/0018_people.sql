-- Which tokens show what people wrote, who they are, and what bots say of it. Apart from the scope: who
-- looks after the queue need not read it.
--
-- By itself true, so that tokens from before keep what they had, and those that an older host makes
-- meanwhile. A host that knows of it says for each token that it makes.
alter table token add column people boolean not null default true;
