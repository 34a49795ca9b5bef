-- Forms in which a number `{n}` becomes a value of the type `{k}`, and its name is shown. Read by `postgres_numbers.rs`: each
-- shows the name of what is the tenant's own, and none that of what is another's.
--
-- Each block is one form; its last line gives the name. A form that an earlier PostgreSQL has not is marked with the
-- version that brought it. Statements may have `$1`, which is the number as text. `{k}_domain`, `{k}_domains` (of an array),
-- `{k}_row`, `{k}_range` and the table `{k}_held` with a column `v` are there.

select '{n}'::{k}

select '{n}'::{k}::text

select cast('{n}' as {k})

select {k} '{n}'

select $${n}$$::{k}

select E'{n}'::{k}

select U&'{n}'::{k}

select '{n}'::pg_catalog.{k}::varchar(200)

select 0{n}::{k}::text

select {n}::{k}

select {n}::int4::{k}

select {n}::int8::{k}

select {n}::oid::{k}

select (select {n}::oid)::{k}::text

select {n}::numeric::int8::{k}::text

select ('{n}' || '')::{k}

select ('{n}' || '')::text::{k}::text

select ('{n}' || '')::varchar::{k}::text

select ('{n}' || '')::bpchar::{k}::text

select ('{n}' || '')::name::{k}::text

select $1::{k}

select $1::{k}::text

select $1::text::{k}::text

select $1::int8::{k}::text

select $1::oid::{k}::text

select (array[$1])::{k}[]

select '{{n}}'::{k}[]

select '{{n},{n}}'::{k}[]::text

select ('{' || '{n}' || '}')::{k}[]

select ('{' || $1 || '}')::text::{k}[]::text[]

select array['{n}']::{k}[]

select array[{n}]::{k}[]

select array[{n}::oid]::{k}[]

select array[{n}::int8]::{k}[]::text

select array['{n}'::text]::{k}[]

select '{{n}}'::oid[]::{k}[]

select '{{n}}'::int[]::{k}[]

select '{{n}}'::int8[]::{k}[]

select '{{n}}'::text[]::{k}[]

select '{{n}}'::varchar[]::{k}[]

select '{n}'::oidvector::oid[]::{k}[]

select string_to_array('{n},{n}', ',')::{k}[]

select array_append('{}'::{k}[], '{n}')

select array_append('{}'::{k}[], {n}::{k})

select array_fill('{n}'::{k}, '{1}')

select array_cat('{}'::{k}[], '{{n}}')

select '{}'::{k}[] || '{{n}}'

select unnest('{{n}}'::{k}[])

select x::text from unnest('{{n}}'::oid[]) o, lateral (select o::{k} as x) s

select array_agg({n}::{k})

select string_agg({n}::{k}::text, ',')

select array_to_string(array[{n}::{k}], ',')

select array_to_json(array['{n}']::{k}[])

select row('{n}'::{k})

select row({n}::{k})::text

select row_to_json(row({n}::{k}))

select row_to_json(s) from (select '{n}'::{k} as v) s

select to_json({n}::{k})

select to_jsonb('{n}'::{k})

select json_build_array({n}::{k})

select jsonb_build_object('v', '{n}'::{k})

select json_agg('{n}'::{k})

select jsonb_object_agg('v', {n}::{k})

select format('%s', {n}::{k})

select format('%I %L', '{n}'::{k}, {n}::{k})

select concat('{n}'::{k}, '')

select concat_ws('-', {n}::{k}, {n}::{k})

select 'a' || {n}::{k}

select quote_ident({n}::{k}::text)

select '{n}'::{k}_domain

select {n}::{k}::{k}_domain

select {n}::oid::{k}_domain

select ('{n}' || '')::{k}_domain::text

select $1::{k}_domain::text

select '{{n}}'::{k}_domain[]

select '{{n}}'::{k}_domains

select array[{n}]::{k}_domains

select '({n})'::{k}_row

select ('(' || $1 || ')')::{k}_row

select row({n})::{k}_row

select row({n}::oid)::{k}_row::text

select row('{n}')::{k}_row

select '{({n})}'::{k}_row[]

select ('({n})'::{k}_row).v

select '[{n},{n}]'::{k}_range

select lower('[{n},)'::{k}_range)

select {k}_range('{n}', null)

select {k}_range({n}, null)::text

select '{[{n},{n}]}'::{k}_range_many

select * from json_populate_record(null::{k}_row, '{"v": {n}}')

select * from json_populate_record(null::{k}_row, '{"v": "{n}"}')

select * from jsonb_populate_record(null::{k}_row, '{"v": {n}}')

select * from jsonb_populate_record(null::{k}_row, jsonb_build_object('v', $1::text))

select json_populate_record('({n})'::{k}_row, '{}')

select * from json_populate_recordset(null::{k}_row, '[{"v": "{n}"}]')

select * from jsonb_populate_recordset(null::{k}_row, '[{"v": {n}}]')

select * from json_to_record('{"v": {n}}') as x (v {k})

select * from json_to_record('{"v": [{n}]}') as x (v {k}[])

select * from jsonb_to_record('{"v": "{n}"}') as x (v {k}_domain)

select * from jsonb_to_record('{"v": {"v": {n}}}') as x (v {k}_row)

select * from json_to_recordset('[{"v": "{n}"}]') as x (v {k})

select * from jsonb_to_recordset('[{"v": {n}}]') as x (v {k})

-- 17
select json_value('"{n}"', '$' returning {k})

-- 17
select json_value('{n}', 'strict $' returning {k} error on error)

-- 17
select json_query('[{n}]', '$' returning {k}[])

-- 17
select v from json_table('[{n}]', '$[*]' columns (v {k} path '$'))

-- 17
select json_value('1', '$.a' returning {k} default '{n}' on empty)

select coalesce(null::{k}, '{n}')

select coalesce(null::{k}, {n}::{k})

select case when true then '{n}' else null::{k} end

select greatest('{n}'::{k}, '{n}')::{k}

select null::{k} union all select '{n}'

select v from (values (null::{k}), ('{n}')) x (v)

with x (v) as (select '{n}'::{k}) select v from x

with recursive x (v) as (select null::{k} union select '{n}'::{k} from x) select v from x

select lag(null::{k}, 1, '{n}') over ()

select first_value({n}::{k}) over ()

select max(v::text) from (select {n}::{k} as v union all select null) s

select v from (select distinct '{n}'::{k} as v) s order by v

select s from (select '{n}'::{k} as v) s

insert into {k}_held values ('{n}') returning v

insert into {k}_held values ({n}) returning v

insert into {k}_held select {n}::oid returning v::text

insert into {k}_held values ($1) returning v

insert into {k}_held select * from json_to_record('{"v": {n}}') as x (v {k}) returning {k}_held

insert into {k}_held values (null)
update {k}_held set v = '{n}' returning v

insert into {k}_held values (null)
update {k}_held set v = {n}::oid returning v

merge into {k}_held using (select 1) x on false when not matched then insert values ('{n}')
select v from {k}_held

create table made (v {k} default '{n}')
insert into made default values returning v

create table made (v {k} default {n})
insert into made default values returning v

create table made (v {k} default '{n}')
select column_default from information_schema.columns where table_name = 'made'

create table made (v {k} default {n}::oid::{k})
insert into made default values
select v::text from made

create table made (v int, g text generated always as (case when v = 1 then 'a' end) stored)
alter table made add w {k} default '{n}'
insert into made values (1) returning w

create table made (v int, constraint valid check ('{n}'::{k} is not null))
select catalog.pg_get_constraintdef(oid, false) from catalog.pg_constraint where conname = 'valid'

create table made (v oid)
insert into made values ({n})
alter table made alter v type {k}
select v from made

create table made (v oid)
insert into made values ({n})
alter table made alter v type {k} using v::{k}
select v::text from made

create table made (v int8)
insert into made values ({n})
alter table made alter v type {k}
select v from made

create table made (v text)
insert into made values ({n})
alter table made alter v type {k} using v::{k}
select v from made

create table made (v oid[])
insert into made values ('{{n}}')
alter table made alter v type {k}[]
select v from made

create type made as (v oid)
create table of_made of made
insert into of_made values ({n})
select v::{k} from of_made

create table made as select '{n}'::{k} as v
select v from made

create table made as select {n}::oid::{k} as v
select made from made

create view made as select '{n}'::{k} as v
select v from made

create view made as select {n}::oid::{k} as v
select v from made

create view made as select '{n}'::{k} as v
select definition from catalog.pg_views where viewname = 'made'

create view made as select '{n}'::{k} as v
select view_definition from information_schema.views where table_name = 'made'

create materialized view made as select {n}::oid::{k} as v
select v from made

create table made (v {k}) partition by list (v)
create table made_one partition of made for values in ('{n}')
insert into made values ('{n}') returning v

create domain made as {k} default '{n}'
create table of_made (v made)
insert into of_made default values returning v

create domain made as {k} default '{n}'
select domain_default from information_schema.domains where domain_name = 'made'

create domain made as text constraint valid check (value <> '{n}'::{k}::text)
select check_clause from information_schema.check_constraints where constraint_name = 'valid'

create index made on {k}_held (v) where array[v] = '{{n}}'
select indexdef from catalog.pg_indexes where indexname = 'made'

create index made on {k}_held ((array[v] = array['{n}'::{k}]))
select catalog.pg_get_indexdef(c.oid) from catalog.pg_class c where relname = 'made'

select '{n}'::{k} is not null, x::text from (select {n}::{k} as x) s

explain (verbose, costs off) select * from {k}_held where array[v] = '{{n}}'
