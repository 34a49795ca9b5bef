-- Which master key this database was made with: a host with another one must not touch it.

create table master_key (
  is_here     boolean primary key default true,
  fingerprint text not null,
  constraint one_master_key check (is_here)
);
