-- Functions that look at no interrupts while they work, and can work for long: a statement that calls one outlives its
-- deadline, and nothing ends it but a restart of the server. Each is moved into the schema `bounded`, which tenants
-- cannot name, and its place in `pg_catalog` is taken by one that refuses what would take long and calls it otherwise.
-- Those that nobody misses are closed altogether (`functions.sql`). Run after `harden.sql`; running it again changes
-- nothing.
--
-- They run as the administrator, and nothing of a tenant's runs in them: it has no code, and the types are Postgres' own.
--
-- What was made before with such a function (a view, an index, a constraint) goes on calling it where it is now.

create schema if not exists bounded;
revoke all on schema bounded from public;

-- How large a document is when it is not compressed.
create or replace function bounded.size(document jsonb) returns bigint
  language plpgsql immutable strict parallel safe set search_path = pg_catalog as $$
begin
  if pg_column_compression(document) is null then
    return pg_column_size(document);
  end if;
  return 4 * octet_length(document::text)::bigint;
end
$$;

do $$
declare
  known record;
  function record;
  made text;
begin
  for known in
    select * from (values
      -- The names of their code in C; what a call takes, in steps of a few nanoseconds; how many it may take.
      -- LIKE: a pattern may begin to match at each character. The same for what is looked for.
      ('textlike textnlike texticlike texticnlike bytealike byteanlike', 'texts', 100000000),
      ('textpos byteapos replace_text split_part', 'texts', 100000000),
      ('text_to_array text_to_array_null text_to_table text_to_table_null', 'texts', 100000000),
      ('bitposition', 'texts', 10000000),
      -- Each character is looked for among the others.
      ('translate btrim ltrim rtrim byteatrim bytealtrim byteartrim', 'texts', 100000000),
      -- Each element is compared with each.
      ('arrayoverlap arraycontains arraycontained', 'arrays', 100000000),
      ('jsonb_contains jsonb_contained', 'documents', 200000000),
      ('jsonb_exists_any jsonb_exists_all jsonb_delete_array', 'keys', 200000000),
      -- Each word moves all that were read before.
      ('to_tsquery to_tsquery_byid plainto_tsquery plainto_tsquery_byid', 'last', 20000),
      ('phraseto_tsquery phraseto_tsquery_byid websearch_to_tsquery websearch_to_tsquery_byid', 'last', 20000),
      ('ts_match_tt', 'last', 20000),
      -- Formats are read anew where they are long.
      ('timestamp_to_char timestamptz_to_char interval_to_char numeric_to_char', 'last', 10000),
      ('int4_to_char int8_to_char float4_to_char float8_to_char', 'last', 10000),
      ('to_timestamp to_date numeric_to_number', 'last', 10000),
      -- Slow for each character.
      ('lpad rpad', 'number', 10000000),
      ('initcap', 'first', 10000000),
      ('unistr parse_ident', 'first', 1000000)
    ) as known (codes, takes, most)
  loop
    for function in
      select p.oid, p.proname, p.pronamespace = 'pg_catalog'::regnamespace as is_in_place, p.oid::regprocedure as signature,
        p.proretset, p.pronargs, p.procost, p.prorows, p.prosupport, p.provolatile, p.proisstrict, p.provariadic,
        oidvectortypes(p.proargtypes) as types, pg_get_function_arguments(p.oid) as arguments,
        pg_get_function_result(p.oid) as result
      from pg_proc p join pg_language l on l.oid = p.prolang
      where l.lanname = 'internal' and p.prosrc = any (string_to_array(known.codes, ' ')) and p.prokind = 'f'
        and p.pronamespace in ('pg_catalog'::regnamespace, 'bounded'::regnamespace)
    loop
      if function.is_in_place then
        execute format('alter function %s set schema bounded', function.signature);
      end if;
      made := format('pg_catalog.%I(%s)', function.proname, function.types);
      execute format(
        'create or replace function pg_catalog.%I(%s) returns %s language plpgsql security definer parallel safe cost %s%s%s%s%s as %L',
        function.proname, function.arguments, function.result, greatest(function.procost, 2),
        case when function.proretset then format(' rows %s', function.prorows) else '' end,
        case when function.proisstrict then ' strict' else '' end,
        case when function.provolatile = 'i' then ' immutable' else ' stable' end,
        case when function.prosupport <> 0 then format(' support %s', function.prosupport) else '' end,
        format(
          E'begin\n'
          '  if %s operator(pg_catalog.>) %s then\n'
          '    raise exception using errcode = ''54000'', message = %L,\n'
          '      hint = ''Cut the values into smaller pieces, or do it outside of the database.'';\n'
          '  end if;\n'
          '  %s bounded.%I(%s);\n'
          'end',
          case known.takes
            when 'texts' then 'pg_catalog.octet_length($1)::bigint operator(pg_catalog.*) pg_catalog.octet_length($2)'
            when 'arrays' then
              'pg_catalog.cardinality($1)::bigint operator(pg_catalog.*) pg_catalog.pg_column_size($2)'
              ' operator(pg_catalog.+) pg_catalog.cardinality($2)::bigint operator(pg_catalog.*) pg_catalog.pg_column_size($1)'
            when 'documents' then 'bounded.size($1) operator(pg_catalog.*) bounded.size($2)'
            when 'keys' then 'bounded.size($1) operator(pg_catalog.*) pg_catalog.cardinality($2)'
            when 'number' then '$2'
            when 'first' then 'pg_catalog.octet_length($1)'
            when 'last' then format('pg_catalog.octet_length($%s)', function.pronargs)
          end,
          known.most,
          format('%s takes too long for values this large', coalesce(
            (select 'operator ' || min(o.oprname) from pg_operator o where o.oprcode in (function.oid, to_regprocedure(made))),
            function.proname || '()')),
          case when function.proretset then 'return query select' else 'return' end,
          function.proname,
          (
            select string_agg(
              case when n = function.pronargs and function.provariadic <> 0 then 'variadic $' else '$' end || n, ', ' order by n)
            from generate_series(1, function.pronargs) n
          )));
      update pg_operator set oprcode = made::regprocedure where oprcode = function.oid;
    end loop;
  end loop;
end
$$;

-- Functions that make a value of any type from text are asked by types themselves, also in a tenant's name, and would
-- tell of another's type by its number: its columns, its labels, its checks. So they stay open, without a name. So does
-- the one that partitions by a hash ask of each row: it opens any relation by its number, and keeps a lock of it.
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace
      and p.proname in ('record_in', 'enum_in', 'domain_in', 'array_in', 'range_in', 'multirange_in',
        'satisfies_hash_partition')
  loop
    execute format('alter function %s set schema bounded', signature);
  end loop;
end
$$;

-- Text is read as a query for full text search by the functions above only: the type itself takes time as the square.
update pg_catalog.pg_type set typinput = 'pg_catalog.pg_node_tree_in'::regproc
where oid = 'pg_catalog.tsquery'::regtype and typinput <> 'pg_catalog.pg_node_tree_in'::regproc;
