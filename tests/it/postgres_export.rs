//! A tenant's schema, written down and loaded with psql: what a tenant named and wrote comes back, and none of it is a
//! command there.

use std::path::Path;

use futures::TryStreamExt as _;
use roost::postgres::SchemaDump;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

use crate::postgres_support::{CELL, Folder, TestTenant, psql, server};

/// What would run `touch f`, read a variable, or end what it stands in.
const HOSTILE: [&str; 16] = [
    "x\n\\! touch f\n",
    "\\! touch f",
    "\r\n\\! touch f\r\n\\q\r\n",
    "\n\\.\n\\! touch f\n",
    "a\"b'; \\! touch f\n--",
    "'\n\\copy (select 1) to program 'touch f'\n",
    "\"\n\\o |touch f\n",
    ":x :'x' :\"x\" :{?x}",
    "`touch f`",
    "\\gexec \\i f \\set x `touch f`",
    "$$ \\! touch f\n$$ $a$",
    "/* */ -- \\! touch f\n",
    "; drop table kept; --\n",
    "E'\\\\' U&\"\\0041\"",
    "gr\u{fc}n \u{83} \u{20ac}\u{1f600}\"\u{e3}\u{83}\n\\! touch f",
    "\u{85}\u{2028}\\! touch f\t",
];

/// All that has a name or a text, with this one.
fn statements(hostile: &str) -> Vec<String> {
    let name = |prefix: &str| format!("\"{prefix}{}\"", hostile.replace('"', "\"\""));
    let text = format!("'{}'", hostile.replace('\'', "''"));
    let (table, mood, mail) = (name(""), name("e"), name("d"));
    vec![
        format!("create type {mood} as enum ('ok', {text})"),
        format!(
            "create domain {mail} as text default {text} constraint {} check (value <> {text} || '!')",
            name("c")
        ),
        format!("create type {} as ({} text)", name("r"), name("a")),
        format!("create sequence {}", name("s")),
        format!(
            "create table {table} ({table} {mood} default {text}, \"USER\" int default 1, mail {mail}, t text default {text}, \
               g text generated always as ({text} || t) stored, i int generated always as identity, a int[] default '{{1,2}}', \
               constraint {} check (t <> {text} || '!'))",
            name("k")
        ),
        format!("insert into {table} default values"),
        format!("insert into {table} (t) values ('\"' || {text} || '\"'), (null), ('')"),
        format!(
            "create index {} on {table} ((t || {text})) where t <> {text}",
            name("i")
        ),
        format!(
            "create view {} as select {table} as {}, a[1:\"USER\"] as part, {text} as said from {table}",
            name("v"),
            name("n")
        ),
    ]
}

/// Names and texts of a schema, and of each of its tables the rows.
async fn shown(conn: &mut PgConnection, schema: &str) -> Vec<String> {
    let path = format!("set search_path = {schema}");
    sqlx::raw_sql(AssertSqlSafe(path))
        .execute(&mut *conn)
        .await
        .unwrap();
    let mut all = Vec::new();
    for sql in [
        "select coalesce(string_agg(relkind::text || relname, '|' order by relname, relkind), '') from pg_class
         where relnamespace = current_schema()::regnamespace and relkind in ('r', 'v', 'i', 'S', 'c')",
        "select string_agg(attname, '|' order by attname) from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relnamespace = current_schema()::regnamespace and a.attnum > 0",
        "select string_agg(enumlabel, '|' order by typname, enumsortorder) from pg_enum e join pg_type t on t.oid = enumtypid
         where t.typnamespace = current_schema()::regnamespace",
        "select string_agg(typname || coalesce(pg_get_expr(typdefaultbin, 0), ''), '|' order by typname) from pg_type
         where typnamespace = current_schema()::regnamespace and typtype = 'd'",
        "select string_agg(conname || pg_get_constraintdef(oid), '|' order by conname) from pg_constraint
         where connamespace = current_schema()::regnamespace and contype = 'c'",
    ] {
        all.push(sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap());
    }
    for hostile in HOSTILE {
        for prefix in ["", "v"] {
            let name = format!("\"{prefix}{}\"", hostile.replace('"', "\"\""));
            let sql = format!("select json_agg(x)::text from {name} x");
            all.push(
                sqlx::query_scalar(AssertSqlSafe(sql))
                    .fetch_one(&mut *conn)
                    .await
                    .unwrap(),
            );
        }
    }
    all
}

/// Writes the files of an export.
async fn write(tenant: &TestTenant, folder: &Path) {
    let name = tenant.tenant.name.clone();
    let dump = SchemaDump::begin(&server().await, CELL, name)
        .await
        .unwrap();
    let mut dump = dump.unwrap();
    let definitions = dump.definitions().await.unwrap();
    let mut loads = Vec::new();
    for (n, table) in dump.tables().await.unwrap().into_iter().enumerate() {
        let pieces = dump.rows(&table).await.unwrap();
        let rows: Vec<bytes::Bytes> = pieces.try_collect().await.unwrap();
        let file = format!("{n}.csv");
        std::fs::write(folder.join(&file), rows.concat()).unwrap();
        loads.push((table, file));
    }
    dump.end().await;
    for (file, sql) in [
        ("1.sql", definitions.before),
        ("2.sql", SchemaDump::load_script(&loads)),
        ("3.sql", definitions.after),
    ] {
        assert!(sql.is_ascii() && !sql.contains('\r'), "{sql}");
        std::fs::write(folder.join(file), sql).unwrap();
    }
}

#[tokio::test]
async fn no_name_and_no_text_is_a_command_of_psql() {
    let tenant = TestTenant::new().await;
    tenant.query("create table kept (v text)").await.unwrap();
    for sql in HOSTILE.iter().flat_map(|hostile| statements(hostile)) {
        let made = tenant.query(&sql).await;
        made.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let folder = Folder::new("hostile-export");
    write(&tenant, &folder.0).await;
    let files = || std::fs::read_dir(&folder.0).unwrap().count();
    let written = files();
    let options = server().await.control_options();
    let mut admin = options.clone().database(CELL).connect().await.unwrap();
    let expected = shown(&mut admin, tenant.tenant.schema()).await;

    let scripts = ["-f", "1.sql", "-f", "2.sql", "-f", "3.sql"];
    let stops = [&["-v", "ON_ERROR_STOP=1"][..], &scripts[..]].concat();
    let careless = [&["-v", "x=\\! touch f", "-v", "USER=x"][..], &scripts[..]].concat();
    // Characters of two bytes whose second one may be a quote or a backslash.
    let japanese = [
        ("PGCLIENTENCODING", "SJIS"),
        ("PGOPTIONS", "-c standard_conforming_strings=off"),
    ];
    for (n, (environment, arguments)) in [(&[][..], &stops), (&japanese[..], &careless)]
        .into_iter()
        .enumerate()
    {
        let database = format!("{}_{n}", tenant.tenant.role());
        let sql =
            format!("create database {database} template template0 encoding 'UTF8' locale 'C'");
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut admin)
            .await
            .unwrap();
        let output = psql(&database, &folder.0, environment, arguments).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(files(), written, "something was run: {said}");
        assert!(output.status.success() && said.is_empty(), "{said}");
        let mut loaded = options.clone().database(&database).connect().await.unwrap();
        assert_eq!(shown(&mut loaded, "public").await, expected);
        let kept = sqlx::query("select * from kept").execute(&mut loaded).await;
        kept.unwrap();
    }
}
