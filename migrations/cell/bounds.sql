-- Functions that look at no interrupts while they work, and can work for long: a statement that calls one outlives its
-- deadline, and nothing ends it but a restart of the server. Each is moved into the schema `bounded`, which tenants
-- cannot name, and its place in `pg_catalog` is taken by one that refuses what would take long and calls it otherwise.
-- Those that nobody misses are closed altogether (`functions.sql`). Run after `harden.sql`; running it again changes
-- nothing.
--
-- They run as the administrator, and nothing of a tenant's runs in them: it has no code, and the types are Postgres' own.
--
-- What was made before with such a function (a view, an index, a constraint) is led to the other one by `renew.sql`.

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

-- What `ts_rank` compares: each place of a word with each of another; each place that a prefix stands for, too.
create or replace function bounded.steps(document tsvector, question tsquery) returns bigint
  language plpgsql immutable strict parallel safe set search_path = pg_catalog as $$
declare
  words constant bigint := numnode(question) / 2 + 1;
  places constant bigint := case when pg_column_compression(document) is null
    then pg_column_size(document) else octet_length(document::text) end / 2;
begin
  if words * words * 128 * places <= 50000000 then
    return 0;
  elsif position(':' in question::text) > 0 then
    return words * words * 128 * places;
  end if;
  return least(places, words * 255) ^ 2 / 2;
end
$$;

-- A condition of a path compares each item of one side with each of the other, and no interrupt is looked at in between.
-- Where one side is a number, a text, true, false or null, it is one item. A variable is as many items as it has. All
-- else may be the whole document, and more with what gives an item several times: lists of subscripts, `**`, `keyvalue()`.
create or replace function bounded.path_steps(document jsonb, path jsonpath, variables jsonb) returns numeric
  language plpgsql immutable strict parallel safe set search_path = pg_catalog as $$
declare
  -- As the server writes it: blanks around operators, quotes around names.
  words text := path::text;
  compared constant text := ' (==|!=|<=?|>=?) ';
  item constant text := '(S|-?[0-9][0-9.e+-]*|true|false|null)';
  gives_again constant boolean := words ~ ',|\*\*|keyvalue';
  whole numeric;
begin
  -- Most are small, and each is asked about.
  if not gives_again and pg_column_compression(document) is null and pg_column_compression(variables) is null
    and pg_column_size(document) + pg_column_size(variables) < 50000 then
    return 0;
  elsif words !~ compared then
    return 0;
  elsif octet_length(words) > 10000 then
    return 'infinity';
  end if;
  words := regexp_replace(words, '"(\\.|[^"\\])*"', 'S', 'g');
  words := regexp_replace(words, compared || item || '(?=[ )]|$)', ' ', 'g');
  words := regexp_replace(words, '(^|[( ])' || item || compared, ' ', 'g');
  if words !~ compared then
    return 0;
  elsif words ~ ',|\*\*|keyvalue' then
    return 'infinity';
  end if;
  whole := bounded.size(document) + bounded.size(variables);
  words := regexp_replace(words, compared || '\$S(?=[ )]|$)', ' ', 'g');
  words := regexp_replace(words, '(^|[( ])\$S' || compared, ' ', 'g');
  return whole * case when words ~ compared then whole else bounded.size(variables) end;
end
$$;

do $$
declare
  -- How large the first argument is when it is not compressed.
  size constant text := '(case when pg_catalog.pg_column_compression($1) is null then pg_catalog.pg_column_size($1)'
    ' else pg_catalog.octet_length($1::pg_catalog.text) end)';
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
      -- Each group of digits with each of the other: before PostgreSQL 18 a division takes three seconds for the longest.
      ('numeric_mul numeric_div numeric_div_trunc numeric_mod', 'sizes', 200000000),
      -- Each element is compared with each.
      ('arrayoverlap arraycontains arraycontained', 'arrays', 100000000),
      ('jsonb_contains jsonb_contained', 'documents', 200000000),
      -- Fifty kilobytes with themselves.
      ('jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query', 'path', 2500000000),
      ('jsonb_path_query_tz jsonb_path_query_array jsonb_path_query_array_tz', 'path', 2500000000),
      ('jsonb_path_query_first jsonb_path_query_first_tz', 'path', 2500000000),
      ('jsonb_path_exists_opr jsonb_path_match_opr', 'path alone', 2500000000),
      ('jsonb_exists_any jsonb_exists_all jsonb_delete_array', 'keys', 200000000),
      -- Each word moves all that were read before.
      ('to_tsquery to_tsquery_byid plainto_tsquery plainto_tsquery_byid', 'last', 20000),
      ('phraseto_tsquery phraseto_tsquery_byid websearch_to_tsquery websearch_to_tsquery_byid', 'last', 20000),
      ('ts_match_tt', 'last', 20000),
      -- An operator copies both of its sides.
      ('tsquery_and tsquery_or tsquery_phrase tsquery_phrase_distance', 'sum', 200000),
      ('ts_rank_tt ts_rank_ttf ts_rank_wtt ts_rank_wttf', 'steps', 50000000),
      -- Each place that a prefix stands for, for each of them.
      ('ts_rankcd_tt ts_rankcd_ttf ts_rankcd_wtt ts_rankcd_wttf', 'nodes', 50000000),
      -- All of a document is read for a part of it, or written anew for a change.
      ('json_array_element json_array_element_text json_object_field json_object_field_text', 'size', 20000000),
      ('json_extract_path json_extract_path_text json_array_length json_typeof json_strip_nulls', 'size', 20000000),
      ('json_object_keys json_each json_each_text json_array_elements json_array_elements_text', 'size', 20000000),
      ('jsonb_delete jsonb_delete_idx jsonb_delete_path jsonb_set jsonb_set_lax jsonb_insert', 'size', 10000000),
      ('jsonb_strip_nulls jsonb_pretty jsonb_object_keys', 'size', 10000000),
      ('jsonb_each jsonb_each_text jsonb_array_elements jsonb_array_elements_text', 'size', 10000000),
      ('jsonb_concat', 'sum', 10000000),
      ('ts_headline_json ts_headline_jsonb', 'size', 10000000),
      -- Options are read over and over.
      ('ts_headline_opt ts_headline_byid_opt ts_headline_json_opt ts_headline_json_byid_opt', 'last', 1000),
      ('ts_headline_jsonb_opt ts_headline_jsonb_byid_opt', 'last', 1000),
      ('multirange_union multirange_minus multirange_intersect', 'sum', 2000000),
      ('pg_size_bytes', 'first', 1000),
      ('binary_encode binary_decode', 'last', 1000),
      -- Formats are read anew where they are long.
      ('timestamp_to_char timestamptz_to_char interval_to_char numeric_to_char', 'last', 10000),
      ('int4_to_char int8_to_char float4_to_char float8_to_char', 'last', 10000),
      ('to_timestamp to_date numeric_to_number', 'last', 10000),
      -- Slow for each character.
      ('lpad rpad', 'number', 10000000),
      ('initcap casefold unicode_assigned btrim1 ltrim1 rtrim1', 'first', 10000000),
      ('similar_escape similar_to_escape_1 similar_to_escape_2', 'first', 1000000),
      ('unistr parse_ident', 'first', 1000000)
    ) as known (codes, takes, most)
  loop
    for function in
      select p.oid, p.proname, p.pronamespace = 'pg_catalog'::regnamespace as is_in_place, p.oid::regprocedure as signature,
        p.proretset, p.pronargs, p.procost, p.prorows, p.prosupport, p.provolatile, p.proisstrict, p.provariadic,
        oidvectortypes(p.proargtypes) as types, pg_get_function_arguments(p.oid) as arguments,
        pg_get_function_result(p.oid) as result,
        case p.proargtypes[0] when 'tsvector'::regtype then '$1, $2' else '$2, $3' end as ranked
      from pg_proc p join pg_language l on l.oid = p.prolang
      where l.lanname = 'internal' and p.prosrc = any (string_to_array(known.codes, ' ')) and p.prokind = 'f'
        and p.pronamespace in ('pg_catalog'::regnamespace, 'bounded'::regnamespace)
        -- A cast from `character` is none that takes long.
        and p.proname <> 'text'
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
          '  if %s%s operator(pg_catalog.>) %s then\n'
          '    raise exception using errcode = ''54000'', message = %L,\n'
          '      hint = ''Cut the values into smaller pieces, or do it outside of the database.'';\n'
          '  end if;\n'
          '  %s bounded.%I(%s);\n'
          'end',
          -- What is small though it may be compressed is looked at once: nothing is compressed to less than a 256th.
          case known.takes
            when 'sizes' then format(
              'pg_catalog.pg_column_size($1)::bigint operator(pg_catalog.*) pg_catalog.pg_column_size($2) operator(pg_catalog.>) %s and ',
              known.most / 65536)
            when 'sum' then format(
              'pg_catalog.pg_column_size($1) operator(pg_catalog.+) pg_catalog.pg_column_size($2) operator(pg_catalog.>) %s and ',
              known.most / 256)
            when 'size' then format('pg_catalog.pg_column_size($1) operator(pg_catalog.>) %s and ', known.most / 256)
            else ''
          end,
          case known.takes
            when 'texts' then 'pg_catalog.octet_length($1)::bigint operator(pg_catalog.*) pg_catalog.octet_length($2)'
            when 'arrays' then
              'pg_catalog.cardinality($1)::bigint operator(pg_catalog.*) pg_catalog.pg_column_size($2)'
              ' operator(pg_catalog.+) pg_catalog.cardinality($2)::bigint operator(pg_catalog.*) pg_catalog.pg_column_size($1)'
            when 'documents' then 'bounded.size($1) operator(pg_catalog.*) bounded.size($2)'
            when 'path' then 'bounded.path_steps($1, $2, $3)'
            when 'path alone' then 'bounded.path_steps($1, $2, ''{}'')'
            when 'keys' then 'bounded.size($1) operator(pg_catalog.*) pg_catalog.cardinality($2)'
            when 'sizes' then format('%s::bigint operator(pg_catalog.*) %s', size, replace(size, '$1', '$2'))
            when 'sum' then format('%s operator(pg_catalog.+) %s', size, replace(size, '$1', '$2'))
            when 'size' then size
            when 'steps' then format('bounded.steps(%s)', function.ranked)
            when 'nodes' then
              format('pg_catalog.numnode(%2$s)::bigint operator(pg_catalog.*) pg_catalog.octet_length(%1$s::pg_catalog.text)',
                split_part(function.ranked, ', ', 1), split_part(function.ranked, ', ', 2))
            when 'number' then '$2'
            when 'first' then 'pg_catalog.octet_length($1)'
            when 'last' then format('pg_catalog.octet_length($%s)', function.pronargs)
          end,
          known.most,
          format('%s takes too long for values this large', coalesce(
            (select 'operator ' || min(o.oprname) from pg_operator o where o.oprcode::oid in (function.oid, to_regprocedure(made)::oid)),
            function.proname || '()')),
          case when function.proretset then 'return query select * from' else 'return' end,
          function.proname,
          (
            select string_agg(
              case when n = function.pronargs and function.provariadic <> 0 then 'variadic $' else '$' end || n, ', ' order by n)
            from generate_series(1, function.pronargs) n
          )));
      update pg_operator set oprcode = made::regprocedure where oprcode::oid = function.oid;
    end loop;
  end loop;
end
$$;

-- Names that are looked up: they are parsed, and what is wrong with them is said with all that they are. As whoever asks,
-- who may not see all names; so these are written anew, over what a cast from another type than `text` does.
do $$
declare
  function record;
begin
  for function in
    select p.proname, p.prorettype::regtype as kind, p.prosrc = 'text_regclass' as is_cast,
      p.pronamespace = 'pg_catalog'::regnamespace as is_in_place
    from pg_proc p
    where p.pronamespace in ('pg_catalog'::regnamespace, 'bounded'::regnamespace) and p.proargtypes = array['text'::regtype]::oidvector
      and p.prosrc in ('to_regclass', 'to_regcollation', 'to_regnamespace', 'to_regoper', 'to_regoperator', 'to_regproc',
        'to_regprocedure', 'to_regrole', 'to_regtype', 'text_regclass')
  loop
    if function.is_in_place then
      execute format('alter function pg_catalog.%I(text) set schema bounded', function.proname);
    end if;
    execute format(
      'create or replace function pg_catalog.%I(text) returns %s language plpgsql stable strict as %L',
      function.proname, function.kind,
      format(
        -- Given to a variable it is read as the type reads it: casts with functions are for expressions.
        E'declare\n'
        '  found %s;\n'
        'begin\n'
        '  if pg_catalog.octet_length($1) operator(pg_catalog.>) 1000 then\n'
        '    raise exception using errcode = ''54000'', message = ''no name is longer than 1000 bytes'';\n'
        '  end if;\n'
        '  %s\n'
        '  found := $1::pg_catalog.bpchar;\n'
        '  return found;\n'
        '%s'
        'end',
        function.kind,
        -- A number is no name.
        case
          when not function.is_cast then E'if $1 operator(pg_catalog.~) ''^[0-9]+$'' then return null; end if;'
          else E'if $1 operator(pg_catalog.~) ''^[0-9]+$'' then return $1::pg_catalog.oid::pg_catalog.regclass; end if;'
        end,
        case when not function.is_cast then E'exception\n  when insufficient_privilege then raise;\n  when others then return null;\n' else '' end));
  end loop;
  update pg_cast set castfunc = 'pg_catalog.regclass(text)'::regprocedure
  where castfunc = to_regprocedure('bounded.regclass(text)');
end
$$;

-- A number that becomes the name of what it is of: it tells of what is the tenant's own, and of what every database has.
-- Casts give NULL for all else, and text in which a type finds such a number is refused: a literal, a parameter, an element
-- of an array, a field of JSON or of a row.
--
-- A type's own reader is never asked whether the tenant may call it. So that of each of these types is a function in SQL
-- here. The language takes them, and its check of new functions alone does not.
update pg_catalog.pg_language set lanvalidator = 0 where lanname = 'sql';
do $$
declare
  known record;
  source text;
  made text;
  reader regprocedure;
begin
  for known in
    select * from (values
      ('regclass', 'pg_class x join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) x.relnamespace', 'x.oid', 'n.nspname'),
      ('regtype', 'pg_type x join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) x.typnamespace', 'x.oid', 'n.nspname'),
      ('regproc', 'pg_proc x join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) x.pronamespace', 'x.oid', 'n.nspname'),
      ('regprocedure', 'pg_proc x join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) x.pronamespace', 'x.oid', 'n.nspname'),
      ('regoper', 'pg_operator x join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) x.oprnamespace', 'x.oid', 'n.nspname'),
      ('regoperator', 'pg_operator x join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) x.oprnamespace', 'x.oid', 'n.nspname'),
      ('regcollation', 'pg_collation x join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) x.collnamespace', 'x.oid', 'n.nspname'),
      ('regconfig', 'pg_ts_config x join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) x.cfgnamespace', 'x.oid', 'n.nspname'),
      ('regdictionary', 'pg_ts_dict x join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) x.dictnamespace', 'x.oid', 'n.nspname'),
      ('regnamespace', 'pg_namespace n', 'n.oid', 'n.nspname'),
      ('regrole', 'pg_authid r', 'r.oid', 'r.rolname')
    ) as known (kind, catalog, number, owner)
  loop
    -- What the type reads text by as Postgres has it: without a name for tenants.
    reader := (
      select p.oid from pg_proc p
      where p.pronamespace in ('pg_catalog'::regnamespace, 'bounded'::regnamespace) and p.proname = known.kind || 'in');
    if reader::oid in (select p.oid from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace) then
      execute format('alter function %s set schema bounded', reader);
    end if;
    foreach source in array array['oid', 'int2', 'int4', 'int8'] loop
      made := format('bounded.%I(pg_catalog.%I)', 'name_of_' || known.kind, source);
      execute format(
        'create or replace function %s returns pg_catalog.%I language plpgsql stable strict parallel safe security definer as %L',
        made, known.kind,
        format(
          E'begin\n'
          '  if $1 operator(pg_catalog.>=) 16384::pg_catalog.%s and session_user operator(pg_catalog.~) ''^t_[a-z2-7]{26}$'' and not exists (\n'
          '    select from pg_catalog.%s where %s operator(pg_catalog.=) $1::pg_catalog.oid\n'
          '      and %s operator(pg_catalog.=) any (array[session_user, ''pg_catalog'', ''information_schema''])) then\n'
          '    return null;\n'
          '  end if;\n'
          '  return bounded.%s(pg_catalog.oidout($1::pg_catalog.oid));\n'
          'end',
          source, known.catalog, known.number, known.owner, known.kind || 'in'));
      update pg_cast set castfunc = made::regprocedure, castmethod = 'f'
      where castsource = to_regtype('pg_catalog.' || source) and casttarget = to_regtype('pg_catalog.' || known.kind);
    end loop;
    execute format(
      'create or replace function bounded.%I(text) returns pg_catalog.%I language plpgsql stable strict parallel safe security definer as %L',
      'number_as_' || known.kind, known.kind,
      format(
        E'declare\n'
        '  found pg_catalog.%1$I;\n'
        'begin\n'
        '  if pg_catalog.octet_length($1) operator(pg_catalog.>) 1000 then\n'
        '    raise exception using errcode = ''54000'', message = ''no name is longer than 1000 bytes'';\n'
        '  end if;\n'
        '  found := bounded.%2$I($1::pg_catalog.oid);\n'
        '  if found is null then\n'
        '    raise exception using errcode = ''42704'', hint = ''Write its name.'',\n'
        '      message = pg_catalog.format(''%%s is the number of no %1$s that is yours'', $1);\n'
        '  end if;\n'
        '  return found;\n'
        'end',
        known.kind, 'name_of_' || known.kind));
    execute format(
      'create or replace function bounded.%1$I(cstring, oid, integer) returns pg_catalog.%2$I
         language sql stable strict parallel safe
         return case
           when pg_catalog.octet_length(pg_catalog.textin($1)) operator(pg_catalog.>) 1000
             or pg_catalog.textin($1) operator(pg_catalog.~) ''^[0-9]+$''
           then bounded.%3$I(pg_catalog.textin($1))
           else bounded.%4$I($1)
         end',
      'read_as_' || known.kind, known.kind, 'number_as_' || known.kind, known.kind || 'in');
    update pg_type set typinput = format('bounded.%I(cstring, oid, integer)', 'read_as_' || known.kind)::regprocedure
    where oid = to_regtype('pg_catalog.' || known.kind)
      and typinput <> format('bounded.%I(cstring, oid, integer)', 'read_as_' || known.kind)::regprocedure;
    foreach source in array array['text', 'varchar', 'bpchar', 'name'] loop
      continue when known.kind = 'regclass' and source in ('text', 'varchar');
      made := format('bounded.%I(pg_catalog.%I)', 'read_' || known.kind, source);
      execute format(
        'create or replace function %s returns pg_catalog.%I language plpgsql stable strict parallel safe as %L',
        made, known.kind,
        format(
          E'declare\n'
          '  found pg_catalog.%1$I;\n'
          'begin\n'
          '  if $1::pg_catalog.text operator(pg_catalog.~) ''^[0-9]+$'' then\n'
          '    return $1::pg_catalog.text::pg_catalog.oid::pg_catalog.%1$I;\n'
          '  end if;\n'
          '  found := $1;\n'
          '  return found;\n'
          'end',
          known.kind));
      if not exists (
        select from pg_cast c where c.castsource = to_regtype('pg_catalog.' || source) and c.casttarget = to_regtype('pg_catalog.' || known.kind)
      ) then
        execute format('create cast (pg_catalog.%I as pg_catalog.%I) with function %s', source, known.kind, made);
      end if;
    end loop;
  end loop;
end
$$;
update pg_catalog.pg_language set lanvalidator = 'pg_catalog.fmgr_sql_validator'::regproc where lanname = 'sql';

-- Text that becomes a value of these types by a cast: what a statement holds itself is bounded by its length. What reads
-- the text stays open, as types ask it, but has no name.
do $$
declare
  known record;
  reader regprocedure;
  source text;
  made text;
begin
  for known in
    select * from (values ('json', 20000000), ('jsonb', 5000000), ('path', 2000000), ('polygon', 2000000), ('tsvector', 5000000))
      as known (kind, most)
  loop
    reader := (select t.typinput from pg_type t where t.oid = to_regtype('pg_catalog.' || known.kind));
    if reader::oid in (select p.oid from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace) then
      execute format('alter function %s set schema bounded', reader);
    end if;
    foreach source in array array['text', 'varchar', 'bpchar'] loop
      made := format('bounded.%I(pg_catalog.%I)', 'read_' || known.kind, source);
      execute format(
        'create or replace function %s returns pg_catalog.%I language plpgsql immutable strict parallel safe security definer cost 10 as %L',
        made, known.kind,
        format(
          E'begin\n'
          '  if pg_catalog.octet_length($1) operator(pg_catalog.>) %s then\n'
          '    raise exception using errcode = ''54000'', message = ''text this long does not become a value of the type %s'',\n'
          '      hint = ''Cut the values into smaller pieces, or do it outside of the database.'';\n'
          '  end if;\n'
          '  return %s(pg_catalog.textout($1::pg_catalog.text));\n'
          'end',
          known.most, known.kind, reader::regproc));
      if not exists (
        select from pg_cast c where c.castsource = to_regtype('pg_catalog.' || source) and c.casttarget = to_regtype('pg_catalog.' || known.kind)
      ) then
        execute format('create cast (pg_catalog.%I as pg_catalog.%I) with function %s', source, known.kind, made);
      end if;
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
