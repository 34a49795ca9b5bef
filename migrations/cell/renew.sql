-- What tenants made before something was bounded: views, indexes, defaults, generated columns, constraints, domains,
-- partitions and statistics hold what Postgres read in a statement then, and would go on calling the functions that were
-- moved to `bounded`, and making names of numbers and documents of text without asking anything. Each is led to what took
-- their place, as if it had been made now. Run last; running it again changes nothing.

-- A tree as Postgres writes it is read by nothing else: the cast is there as long as this takes.
do $$
begin
  drop cast if exists (text as pg_node_tree);
  create cast (text as pg_node_tree) without function;
end
$$;

-- A part of a tree that makes a value of another type without a function, by one that asks.
create or replace function bounded.renewed_cast(node text) returns text
  language plpgsql stable set search_path = pg_catalog as $$
declare
  call constant text := '{FUNCEXPR :funcid %s :funcresulttype %s :funcretset false :funcvariadic false :funcformat %s '
    ':funccollid 0 :inputcollid %s :args (%s) :location %s}';
  part text[];
  kind name;
  element name;
  read text;
  one regprocedure;
  each_one regprocedure;
begin
  if node like '{RELABELTYPE %' then
    part := regexp_match(node,
      '^{RELABELTYPE :arg (.*) :resulttype (\d+) :resulttypmod -?\d+ :resultcollid \d+ :relabelformat (\d+) :location (-?\d+)}$');
    select t.typname, e.typname into kind, element
    from pg_type t left join pg_type e on e.typarray = t.oid where t.oid = part[2]::oid;
    one := to_regprocedure('bounded.' || quote_ident('name_of_' || kind) || '(oid)');
    each_one := to_regprocedure('bounded.' || quote_ident('name_of_' || element) || '(oid)');
    if one is not null then
      return format(call, one::oid, part[2], part[3], 0, part[1], part[4]);
    elsif each_one is not null then
      return format('{ARRAYCOERCEEXPR :arg %s :elemexpr %s :resulttype %s :resulttypmod -1 :resultcollid 0 :coerceformat %s :location %s}',
        part[1],
        format(call, each_one::oid, to_regtype('pg_catalog.' || element)::oid, part[3], 0,
          '{CASETESTEXPR :typeId 26 :typeMod -1 :collation 0}', -1),
        part[2], part[3], part[4]);
    end if;
  elsif node like '{COERCEVIAIO %' then
    part := regexp_match(node,
      '^{COERCEVIAIO :arg (.*) :resulttype (\d+) :resultcollid \d+ :coerceformat (\d+) :location (-?\d+)}$');
    select t.typname into kind from pg_type t where t.oid = part[2]::oid;
    one := to_regprocedure('bounded.' || quote_ident('read_' || kind) || '(text)');
    if one is not null and kind not like 'reg%' then
      -- A column as it is, so that an index is found by it. Of all else it is not known what kind of text it is.
      read := substring(part[1] from '^{VAR [^{}]*:vartype (25|1042|1043) [^{}]*}$');
      if read is null then
        part[1] := format('{COERCEVIAIO :arg %s :resulttype 25 :resultcollid 100 :coerceformat 2 :location -1}', part[1]);
      else
        one := to_regprocedure(format('bounded.%I(%s)', 'read_' || kind, read::oid::regtype));
      end if;
      return format(call, one::oid, part[2], part[3], coalesce(substring(part[1] from '^{VAR [^{}]*:varcollid (\d+) '), '100'),
        part[1], part[4]);
    end if;
  end if;
  return node;
end
$$;

-- A tree with what took the place of what it calls.
create or replace function bounded.renewed(tree text) returns text
  language plpgsql stable set search_path = pg_catalog as $$
declare
  moved record;
  piece text;
  node text;
  depth integer := 0;
  -- Nodes that have not ended yet, each within the one before it.
  begun text[] := '{}';
  whole text := '';
begin
  for moved in
    select distinct old.oid as old, new.oid as new
    from regexp_matches(tree, ':(?:op)?funcid (\d+) ', 'g') as called (number)
      join pg_proc old on old.oid = called.number[1]::oid and old.pronamespace = 'bounded'::regnamespace and old.oid < 16384
      join pg_proc new on new.proname = old.proname and new.proargtypes = old.proargtypes
        and new.pronamespace = 'pg_catalog'::regnamespace
  loop
    tree := regexp_replace(tree, format(':((?:op)?funcid) %s ', moved.old), format(':\1 %s ', moved.new), 'g');
  end loop;
  -- Numbers of eight and two bytes: `oid(bigint)` and `int4(smallint)`, whose result is taken for one of these types.
  for moved in
    select distinct called.number[2] as kind, called.number[1] as old, to_regprocedure(format(
        'bounded.%I(%s)', 'name_of_' || t.typname, case called.number[1] when '1287' then 'bigint' else 'smallint' end))::oid as new
    from regexp_matches(tree, ':funcid (1287|313) :funcresulttype (\d+) ', 'g') as called (number)
      join pg_type t on t.oid = called.number[2]::oid
    where t.typname like 'reg%'
  loop
    tree := replace(tree, format(':funcid %s :funcresulttype %s ', moved.old, moved.kind),
      format(':funcid %s :funcresulttype %s ', moved.new, moved.kind));
  end loop;
  if tree !~ '{(RELABELTYPE|COERCEVIAIO) ' or position(E'\x01' in tree) > 0 then
    return tree;
  end if;
  -- In a name, braces and backslashes have a backslash before them.
  for piece in
    select p from regexp_split_to_table(replace(tree, '\\', E'\x01'), '(?<!\\)(?=[{}])') as p
  loop
    if piece like '{%' then
      depth := depth + 1;
      begun[depth] := piece;
      continue;
    end if;
    if piece like '}%' then
      if depth = 0 then
        return tree;
      end if;
      node := bounded.renewed_cast(begun[depth] || '}');
      depth := depth - 1;
      piece := node || substr(piece, 2);
    end if;
    if depth = 0 then
      whole := whole || piece;
    else
      begun[depth] := begun[depth] || piece;
    end if;
  end loop;
  return case when depth = 0 then replace(whole, E'\x01', '\\') else tree end;
end
$$;

do $$
declare
  known record;
  changed record;
begin
  for known in
    select * from (values
      ('pg_rewrite', 'ev_action', 'x.ev_class'),
      ('pg_rewrite', 'ev_qual', 'x.ev_class'),
      ('pg_attrdef', 'adbin', 'x.adrelid'),
      ('pg_index', 'indexprs', 'x.indexrelid'),
      ('pg_index', 'indpred', 'x.indexrelid'),
      ('pg_partitioned_table', 'partexprs', 'x.partrelid'),
      ('pg_statistic_ext', 'stxexprs', 'x.stxrelid'),
      ('pg_constraint', 'conbin', 'x.conrelid'),
      ('pg_type', 'typdefaultbin', '0')
    ) as known (catalog, tree, relation)
  loop
    for changed in execute format(
      'update pg_catalog.%1$s x set %2$s = renewed.tree::pg_catalog.pg_node_tree
       from (
         select x.ctid as place, bounded.renewed(x.%2$s::text) as tree
         from pg_catalog.%1$s x
           left join pg_catalog.pg_class c on c.oid = %3$s
           left join pg_catalog.pg_type t on t.oid = %4$s
           join pg_catalog.pg_namespace n on n.oid = coalesce(c.relnamespace, t.typnamespace)
         where x.%2$s is not null and n.nspname ~ ''^t_[a-z2-7]{26}$''
       ) as renewed
       where x.ctid = renewed.place and x.%2$s::text <> renewed.tree
       returning %3$s::oid as relation, %4$s::oid as type',
      known.catalog, known.tree, known.relation,
      case known.catalog when 'pg_constraint' then 'x.contypid' when 'pg_type' then 'x.oid' else '0' end)
    loop
      -- Sessions that know it read it again.
      update pg_catalog.pg_class c set relname = c.relname where c.oid = changed.relation;
      update pg_catalog.pg_type t set typname = t.typname where t.oid = changed.type;
    end loop;
  end loop;
  drop cast (text as pg_node_tree);
end
$$;
drop function bounded.renewed(text), bounded.renewed_cast(text);
