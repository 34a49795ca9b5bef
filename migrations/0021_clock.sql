-- The latest moment that hosts saw on the database's clock: an earlier one after it means that the clock was set back.
create table clock (
  one boolean primary key default true,
  at  timestamptz not null,

  constraint clock_is_one check (one)
);
