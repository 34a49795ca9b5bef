//! A tenant's schema, written down: its definitions as SQL, its tables as CSV.
//!
//! Read as the administrator in one read-only snapshot, so that it fits together. No code of the
//! tenant's can run meanwhile: tables are copied by `COPY table`, which refuses views, and nothing
//! else of the schema is read but catalogs. Like `pg_dump`, but without its program, which servers
//! that others run may not have; what is left out stands in `LEFT_OUT`. Names and texts are the tenant's: what is for
//! psql goes through `script`, so that none of them is a command there.

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::postgres::PgConnection;
use sqlx::{Executor as _, Row as _};

use super::address::TenantName;
use super::error::CellError;
use super::script;
use super::server::{self, Server, admin_error, quoted, run};

const DOING: &str = "reading a tenant's schema";

/// What a dump does not have.
pub const LEFT_OUT: &str = "comments, row security policies, extended statistics, and options of \
    identity columns besides where they stand";

/// One snapshot of a tenant's schema.
pub struct SchemaDump {
    admin: PgConnection,
    schema: TenantName,
}

/// A table with its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpedTable {
    /// As it is called.
    pub name: String,
    /// Those that can be loaded again: not the generated ones. Quoted, with commas.
    columns: String,
}

/// What makes the schema again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definitions {
    /// Types, sequences, tables: before the rows are loaded.
    pub before: String,
    /// Constraints, indexes, views, where sequences stand: after that.
    pub after: String,
}

impl SchemaDump {
    /// Begins to read. `None` when there is no such schema.
    pub async fn begin(
        server: &Server,
        database: &str,
        schema: TenantName,
    ) -> Result<Option<Self>, CellError> {
        let mut admin = server.connect_to(database).await?;
        // The cell's own limits are meant for tenants.
        let unlimited = "set statement_timeout = 0; set lock_timeout = '30s'; \
            set idle_in_transaction_session_timeout = 0; set transaction_timeout = 0; \
            set timezone = 'UTC'; set datestyle = 'ISO'; set extra_float_digits = 1; \
            begin isolation level repeatable read read only";
        // The setting is younger than the oldest server.
        let older = unlimited.replace("set transaction_timeout = 0; ", "");
        let number: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
            .fetch_one(&mut admin)
            .await
            .map_err(|source| admin_error(DOING, source))?;
        let begin = if number >= 170_000 { unlimited } else { &older };
        run(&mut admin, begin, DOING).await?;
        let exists: bool = sqlx::query_scalar("select to_regnamespace($1) is not null")
            .bind(schema.as_str())
            .fetch_one(&mut admin)
            .await
            .map_err(|source| admin_error(DOING, source))?;
        // What is in the schema is written without its name, which is nobody's business; what is
        // built in still wins over what is called the same. Other servers have no `bounded`, and
        // its functions in `pg_catalog`.
        let path = format!("set local search_path = bounded, pg_catalog, {schema}");
        run(&mut admin, &path, DOING).await?;
        Ok(exists.then_some(Self { admin, schema }))
    }

    /// What makes the schema again, in an empty one.
    pub async fn definitions(&mut self) -> Result<Definitions, CellError> {
        let mut before = script::HEAD.to_owned();
        for sql in [TYPES, SEQUENCES, TABLES] {
            before.push_str(&self.statements(sql).await?);
        }
        let mut after = script::HEAD.to_owned();
        for sql in [CONSTRAINTS, INDEXES, OWNED, STANDS, VIEWS, TRIGGERS] {
            after.push_str(&self.statements(sql).await?);
        }
        Ok(Definitions { before, after })
    }

    async fn statements(&mut self, sql: &'static str) -> Result<String, CellError> {
        let rows: Vec<String> = sqlx::query_scalar(sql)
            .bind(self.schema.as_str())
            .fetch_all(&mut self.admin)
            .await
            .map_err(|source| admin_error(DOING, source))?;
        Ok(rows
            .iter()
            .map(|row| format!("{};\n", script::plain(row)))
            .collect())
    }

    /// The tables that hold rows.
    pub async fn tables(&mut self) -> Result<Vec<DumpedTable>, CellError> {
        let rows = self
            .admin
            .fetch_all(sqlx::query(ROW_TABLES).bind(self.schema.as_str()))
            .await
            .map_err(|source| admin_error(DOING, source))?;
        let table = |row: &sqlx::postgres::PgRow| {
            Ok(DumpedTable {
                name: row.try_get(0)?,
                columns: row.try_get(1)?,
            })
        };
        let tables: Result<Vec<_>, sqlx::Error> = rows.iter().map(table).collect();
        tables.map_err(|source| admin_error(DOING, source))
    }

    /// A table's rows as CSV with a header: an empty field is null, `""` an empty text.
    pub async fn rows(
        &mut self,
        table: &DumpedTable,
    ) -> Result<BoxStream<'_, Result<Bytes, CellError>>, CellError> {
        let sql = format!(
            "copy {}.{} ({}) to stdout (format csv, header true, encoding 'UTF8')",
            self.schema,
            quoted(&table.name),
            table.columns
        );
        let rows = self.admin.copy_out_raw(&sql).await;
        let rows = rows.map_err(|source| admin_error(DOING, source))?;
        Ok(rows.map_err(|source| admin_error(DOING, source)).boxed())
    }

    /// What loads what `rows` wrote into each of these files, from psql.
    ///
    /// `\copy` takes a name on its line as it is and knows no escapes in it. Rows of a table that needs some go through
    /// a table that has none.
    pub fn load_script(files: &[(DumpedTable, String)]) -> String {
        let mut script = script::HEAD.to_owned();
        for (table, file) in files {
            let options = "(format csv, header true, encoding 'UTF8')";
            let (name, columns) = (script::identifier(&table.name), &table.columns);
            let loads = script::plain(columns);
            script.push_str(&if name == quoted(&table.name) && loads == *columns {
                format!("\\copy {name} ({columns}) from '{file}' {options}\n")
            } else {
                format!(
                    "create temporary table roost_load as select {loads} from {name} with no data;\n\
                     \\copy pg_temp.roost_load from '{file}' {options}\n\
                     insert into {name} ({loads}) overriding system value select * from pg_temp.roost_load;\n\
                     drop table pg_temp.roost_load;\n"
                )
            });
        }
        script
    }

    /// Ends the snapshot.
    pub async fn end(self) {
        server::close(self.admin).await;
    }
}

impl DumpedTable {
    /// The columns, quoted, with commas.
    pub fn columns(&self) -> &str {
        &self.columns
    }
}

// Each query gives statements without their semicolons, for the schema $1, in the order in which they
// work. Where Postgres can write `pretty`, it does: only then are names without their schema. What was made first has the smaller OID, so that order suffices within a kind.

const TYPES: &str = "
  select statement from (
    select t.oid, format('create type %I as enum (%s)', t.typname,
      (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
       from pg_enum e where e.enumtypid = t.oid)) as statement
    from pg_type t where t.typnamespace = to_regnamespace($1) and t.typtype = 'e'
    union all
    select t.oid, format('create domain %I as %s%s%s%s', t.typname,
      format_type(t.typbasetype, t.typtypmod), ' default ' || t.typdefault,
      case when t.typnotnull then ' not null' end,
      (select string_agg(format(' constraint %I %s', c.conname, pg_get_constraintdef(c.oid)), '')
       from pg_constraint c where c.contypid = t.oid and c.contype = 'c'))
    from pg_type t where t.typnamespace = to_regnamespace($1) and t.typtype = 'd'
    union all
    select t.oid, format('create type %I as (%s)', t.typname,
      (select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
                         order by a.attnum)
       from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped))
    from pg_type t join pg_class c on c.oid = t.typrelid
    where t.typnamespace = to_regnamespace($1) and c.relkind = 'c') types
  order by oid";

const SEQUENCES: &str = "
  select format('create sequence %I as %s increment by %s minvalue %s maxvalue %s start with %s cache %s%s',
    c.relname, format_type(s.seqtypid, null), s.seqincrement, s.seqmin, s.seqmax, s.seqstart,
    s.seqcache, case when s.seqcycle then ' cycle' else '' end)
  from pg_class c join pg_sequence s on s.seqrelid = c.oid
  where c.relnamespace = to_regnamespace($1) and not exists (
    select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass
      and d.deptype = 'i')
  order by c.oid";

const TABLES: &str = "
  select case
    when c.relispartition then format('create table %I partition of %I %s%s', c.relname,
      (select p.relname from pg_inherits i join pg_class p on p.oid = i.inhparent
       where i.inhrelid = c.oid),
      pg_get_expr(c.relpartbound, c.oid),
      case when c.relkind = 'p' then ' partition by ' || pg_get_partkeydef(c.oid) else '' end)
    else format('create %stable %I (%s)%s%s',
      case when c.relpersistence = 'u' then 'unlogged ' else '' end, c.relname,
      (select string_agg(E'\\n  ' || format('%I %s%s%s%s', a.attname,
          format_type(a.atttypid, a.atttypmod),
          case when a.attcollation <> t.typcollation
            then format(' collate %s', a.attcollation::regcollation) else '' end,
          case
            when a.attidentity = 'a' then ' generated always as identity'
            when a.attidentity = 'd' then ' generated by default as identity'
            when a.attgenerated = 's'
              then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
            when a.attgenerated = 'v'
              then format(' generated always as (%s) virtual', pg_get_expr(d.adbin, d.adrelid))
            when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid)
            else '' end,
          case when a.attnotnull then ' not null' else '' end), ',' order by a.attnum)
       from pg_attribute a
       join pg_type t on t.oid = a.atttypid
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attislocal),
      (select format(' inherits (%s)', string_agg(quote_ident(p.relname), ', ' order by i.inhseqno))
       from pg_inherits i join pg_class p on p.oid = i.inhparent where i.inhrelid = c.oid
       having count(*) > 0),
      case when c.relkind = 'p' then ' partition by ' || pg_get_partkeydef(c.oid) else '' end)
    end
  from pg_class c
  where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'p')
  order by c.oid";

const ROW_TABLES: &str = "
  select c.relname::text,
    (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '')
  from pg_class c
  where c.relnamespace = to_regnamespace($1) and c.relkind = 'r' and exists (
    select from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '')
  order by c.oid";

const CONSTRAINTS: &str = "
  select format('alter table %I add constraint %I %s', c.relname, k.conname,
    pg_get_constraintdef(k.oid))
  from pg_constraint k join pg_class c on c.oid = k.conrelid
  where c.relnamespace = to_regnamespace($1) and k.contype in ('p', 'u', 'c', 'x', 'f')
    and k.conparentid = 0 and k.conislocal
  -- Foreign keys need the keys that they point to.
  order by k.contype = 'f', k.oid";

const INDEXES: &str = "
  select pg_get_indexdef(i.indexrelid, 0, true)
  from pg_index i
  join pg_class x on x.oid = i.indexrelid
  join pg_class c on c.oid = i.indrelid
  where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'p') and not x.relispartition
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid
                    and k.contype in ('p', 'u', 'x'))
  order by i.indexrelid";

const OWNED: &str = "
  select format('alter sequence %I owned by %I.%I', c.relname, t.relname, a.attname)
  from pg_depend d
  join pg_class c on c.oid = d.objid and c.relkind = 'S'
  join pg_class t on t.oid = d.refobjid
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
    and d.deptype = 'a' and c.relnamespace = to_regnamespace($1)
  order by c.oid";

const STANDS: &str = "
  select format('select setval(%s, %s)',
    case when d.objid is null then quote_literal(quote_ident(c.relname))
      else format('pg_get_serial_sequence(%L, %L)', quote_ident(t.relname), a.attname) end,
    s.stands)
  from pg_class c
  -- The planner may ask before it has looked at the kind.
  cross join lateral (
    select case when c.relkind = 'S' then pg_sequence_last_value(c.oid) end as stands) s
  left join pg_depend d on d.objid = c.oid and d.classid = 'pg_class'::regclass
    and d.refclassid = 'pg_class'::regclass and d.deptype = 'i'
  left join pg_class t on t.oid = d.refobjid
  left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where c.relnamespace = to_regnamespace($1) and s.stands is not null
  order by c.oid";

const VIEWS: &str = "
  select statement from (
    select c.oid, 1 as part, format('create %s %I as %s',
      case c.relkind when 'v' then 'view' else 'materialized view' end, c.relname,
      rtrim(pg_get_viewdef(c.oid), '; ')) as statement
    from pg_class c
    where c.relnamespace = to_regnamespace($1) and c.relkind in ('v', 'm')
    union all
    select c.oid, 2, pg_get_indexdef(i.indexrelid, 0, true)
    from pg_index i join pg_class c on c.oid = i.indrelid
    where c.relnamespace = to_regnamespace($1) and c.relkind = 'm') views
  order by oid, part";

const TRIGGERS: &str = "
  select pg_get_triggerdef(t.oid, true)
  from pg_trigger t join pg_class c on c.oid = t.tgrelid
  where c.relnamespace = to_regnamespace($1) and not t.tgisinternal and t.tgparentid = 0
  order by t.oid";
