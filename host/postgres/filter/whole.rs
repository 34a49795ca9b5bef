//! What is looked for in a whole statement: few forms over which the server's lexer, parser or planner takes time
//! and memory as the power of their length, before it looks at any interrupt.
//!
//! The statement is split as Postgres does it. Where it would refuse the text, it does not matter what is
//! found here.

use super::conditions::Conditions;
use super::counts::Counts;
use super::paths::Paths;
use super::words::{Token, Words, is_operator};

/// Items of one ORDER BY or PARTITION BY.
const MOST_SORTED: u32 = 300;
/// Items of one GROUP BY, with those of its grouping sets.
const MOST_GROUPED: u32 = 1_000;
const MOST_WINDOWS: u32 = 200;
const MOST_QUERIES: u32 = 2_000;
/// Lists that a place in a statement is in: each comma is counted in each.
const MOST_LISTS: usize = 200;
/// Columns of one SELECT: the server has no more either, but compares each with each before it says so.
const MOST_SELECTED: u32 = 1_664;
/// The planner looks for conditions that are there twice; behind a NOT each of them is an AND.
const MOST_ORS: u32 = 2_000;
/// Tables of one FROM or USING.
const MOST_TABLES: u32 = 200;
/// Queries of WITH, windows of WINDOW, and what else is named by `AS (`. Each may name the one before it.
const MOST_NAMED: u32 = 100;

/// Stars of a RETURNING, each as often as there are tables in it: a table has up to 1,664 columns, and the server
/// crashes over more than 32,767.
const MOST_STARS: u32 = 19;

/// Before the values of a partition, in place of the last word.
const OF_A_PARTITION: &str = "VALUES IN";

/// A shorter statement has none of these in numbers that matter.
const SHORT: usize = 1_000;

/// Fails with the sentence that tells what to do instead.
pub(super) fn check(sql: &str) -> Result<(), &'static str> {
    if sql.len() < SHORT {
        let text = sql.to_ascii_lowercase();
        if ![
            "materialized",
            "xml",
            "document",
            "returning",
            "natural",
            ".*",
            "cube",
            "json_",
        ]
        .iter()
        .any(|word| text.contains(word))
        {
            return Ok(());
        }
    }
    let scan = Scan {
        paths: Paths::new(sql),
        ..Scan::default()
    };
    scan.run(Words::new(sql))
}

/// A list after `BY`, as long as it goes on.
struct List {
    depth: u32,
    kind: Kind,
    commas: u32,
    stars: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sorting,
    Grouping,
    Tables,
    Columns,
    Values,
    Selecting,
    Returning,
    Setting,
}

#[derive(Default)]
struct Scan {
    /// The word before, in upper case, or a dot, a comma, a colon or a parenthesis; empty after anything else.
    before: String,
    conditions: Conditions,
    counts: Counts,
    paths: Paths,
    depth: u32,
    lists: Vec<List>,
    windows: u32,
    queries: u32,
    named: u32,
    ors: u32,
    /// Tables of all FROMs and USINGs, but for the first of each.
    tables: u32,
    /// How deep there is an INSERT: what it returns is of one table.
    inserts: Vec<u32>,
}

impl Scan {
    fn run(mut self, mut words: Words<'_>) -> Result<(), &'static str> {
        let mut is_escaping = false;
        loop {
            let token = words.next();
            let is_in_run = match &token {
                Token::Other(character) => {
                    u8::try_from(*character).is_ok_and(is_operator) && words.is_in_long_run()
                }
                _ => false,
            };
            if is_in_run || words.had_long_run() {
                return Err(
                    "a statement may have 256 operator characters in a row, in comments too: write blanks between them",
                );
            }
            match token {
                Token::End => {
                    let tables = self.tables.saturating_add(self.conditions.joins);
                    return self.counts.end(tables);
                }
                Token::Word(word) => {
                    is_escaping = word.eq_ignore_ascii_case("e") && words.is_at('\'');
                    let word = word.to_ascii_uppercase();
                    self.counts.name(&self.before, &word, false)?;
                    self.paths.word()?;
                    self.word(&word)?;
                    self.before = match self.before.as_str() {
                        "VALUES" if word == "IN" => OF_A_PARTITION.to_owned(),
                        _ => word,
                    };
                    continue;
                }
                // A text goes on after another one as that one was.
                Token::Other('\'') => {
                    self.conditions.other("", '\'')?;
                    self.counts.text();
                    self.paths.text(words.skip_text(is_escaping), is_escaping)?;
                }
                Token::Other('$') => {
                    is_escaping = false;
                    self.conditions.other("", '$')?;
                    self.counts.text();
                    match words.skip_dollars() {
                        Some(text) => self.paths.text(text, false)?,
                        None => self.paths.character("", '$', self.depth)?,
                    }
                }
                Token::Other(character) => {
                    is_escaping = false;
                    self.counts.character(character)?;
                    self.paths.character(&self.before, character, self.depth)?;
                    self.character(character)?;
                    if ['.', ',', ':', ')'].contains(&character) {
                        self.before = character.to_string();
                        continue;
                    }
                }
                Token::Quoted(name) => {
                    is_escaping = false;
                    self.counts.name(&self.before, &name, true)?;
                    self.paths.word()?;
                    self.conditions.other("", '"')?;
                }
            }
            self.before.clear();
        }
    }

    fn word(&mut self, word: &str) -> Result<(), &'static str> {
        self.conditions.word(&self.before, word)?;
        match (self.before.as_str(), word) {
            ("NOT", "MATERIALIZED") => Err(
                "NOT MATERIALIZED is not available here: leave it out, a WITH query that is used once is part of the statement anyway",
            ),
            (_, "XMLTABLE") => Err("XMLTABLE is not available here: read XML in the bot"),
            (_, "XMLPARSE") | ("IS" | "NOT", "DOCUMENT") => {
                Err("XMLPARSE and IS DOCUMENT are not available here: read XML in the bot")
            }
            (before, "BY") => {
                let kind = match before {
                    "GROUP" => Kind::Grouping,
                    _ => Kind::Sorting,
                };
                self.begin(kind)
            }
            // `IS DISTINCT FROM` too: a column can have the name `distinct`.
            (_, "FROM" | "USING") => {
                let depth = self.depth;
                self.lists
                    .retain(|list| list.depth < depth || list.kind != Kind::Setting);
                self.begin(Kind::Tables)
            }
            // Behind a dot or AS any word is a name: nothing ends there.
            ("." | "AS", word) if word != "SELECT" => Ok(()),
            // These are reserved: no table has such a name.
            (_, "WHERE" | "GROUP" | "ORDER" | "RETURNING") => {
                let depth = self.depth;
                let ended = [Kind::Tables, Kind::Setting];
                self.lists
                    .retain(|list| list.depth < depth || !ended.contains(&list.kind));
                match word {
                    "RETURNING" => self.begin(Kind::Returning),
                    _ => Ok(()),
                }
            }
            (_, "SET") => self.begin(Kind::Setting),
            // Nothing but an INSERT has the two words one after the other.
            ("INSERT", "INTO") => {
                self.inserts.push(self.depth);
                Ok(())
            }
            (
                _,
                "HAVING" | "WINDOW" | "LIMIT" | "OFFSET" | "FETCH" | "FOR" | "UNION" | "EXCEPT"
                | "INTERSECT",
            ) => {
                let depth = self.depth;
                self.lists.retain(|list| list.depth < depth);
                Ok(())
            }
            (_, "OVER") => within(
                &mut self.windows,
                MOST_WINDOWS,
                "a statement may have 200 window functions",
            ),
            (_, "OR") => within(
                &mut self.ors,
                MOST_ORS,
                "a statement may have 2000 times OR: give an array, or VALUES to join with",
            ),
            (_, "SELECT") => {
                self.begin(Kind::Selecting)?;
                within(
                    &mut self.queries,
                    MOST_QUERIES,
                    "a statement may have 2000 queries in it: send several, or give VALUES",
                )
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, kind: Kind) -> Result<(), &'static str> {
        let depth = self.depth;
        // The same list goes on behind `a JOIN b USING (c)`, and where `select` is a column's name.
        let may_go_on = [Kind::Tables, Kind::Selecting, Kind::Setting].contains(&kind);
        let is_same = |list: &List| list.depth == depth && list.kind == kind;
        if may_go_on && self.lists.iter().any(is_same) {
            return Ok(());
        }
        self.lists
            .retain(|list| list.depth < depth || list.kind != Kind::Selecting);
        if self.lists.len() >= MOST_LISTS {
            return Err("a statement may have 200 lists of columns, tables or items in each other");
        }
        self.lists.push(List {
            depth,
            kind,
            commas: 0,
            stars: 0,
        });
        Ok(())
    }

    /// Whether the list around a parenthesis that was just counted is one of SET.
    fn is_setting(&self) -> bool {
        let outer = self.depth.saturating_sub(1);
        let innermost = self.lists.last();
        innermost.is_some_and(|list| list.kind == Kind::Setting && list.depth == outer)
    }

    fn character(&mut self, character: char) -> Result<(), &'static str> {
        if character == '(' && ["AS", "MATERIALIZED"].contains(&self.before.as_str()) {
            within(
                &mut self.named,
                MOST_NAMED,
                "a statement may have 100 queries in WITH and windows in WINDOW",
            )?;
        }
        match character {
            '(' | '[' => self.conditions.open(&self.before)?,
            ')' | ']' => self.conditions.close()?,
            ',' => self.conditions.comma()?,
            '.' | ':' => {}
            _ => self.conditions.other(&self.before, character)?,
        }
        match character {
            '(' | '[' => {
                self.depth += 1;
                // The server compares each with each.
                match self.before.as_str() {
                    "ON" | "CONFLICT" => self.begin(Kind::Sorting)?,
                    // Several columns that are set at once.
                    "SET" => self.begin(Kind::Setting)?,
                    "," if self.is_setting() => self.begin(Kind::Setting)?,
                    OF_A_PARTITION => self.begin(Kind::Values)?,
                    "COLUMNS" => self.begin(Kind::Columns)?,
                    _ => {}
                }
            }
            ')' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                let depth = self.depth;
                self.lists.retain(|list| list.depth <= depth);
                while self.inserts.last().is_some_and(|insert| *insert > depth) {
                    self.inserts.pop();
                }
            }
            '*' => self.star()?,
            ',' => {
                for list in &mut self.lists {
                    let (most, sentence) = match list.kind {
                        Kind::Grouping => (
                            MOST_GROUPED,
                            "a GROUP BY may have 1000 items, with those of its sets",
                        ),
                        Kind::Values => (MOST_GROUPED, "a partition may have 1000 values"),
                        Kind::Columns => (MOST_GROUPED, "a JSON_TABLE may have 1000 columns"),
                        _ if list.depth != self.depth => continue,
                        Kind::Sorting => (
                            MOST_SORTED,
                            "an ORDER BY, PARTITION BY or DISTINCT ON may have 300 items",
                        ),
                        Kind::Selecting | Kind::Returning => {
                            (MOST_SELECTED, "a SELECT or RETURNING may have 1664 columns")
                        }
                        Kind::Setting => (MOST_SELECTED, "a SET may have 1664 columns"),
                        Kind::Tables => (MOST_TABLES, "a FROM may have 200 tables"),
                    };
                    within(&mut list.commas, most, sentence)?;
                    if list.kind == Kind::Tables {
                        self.tables += 1;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Scan {
    /// Counts a star that stands for columns: another one is a product.
    fn star(&mut self) -> Result<(), &'static str> {
        if !["RETURNING", ".", ",", ")"].contains(&self.before.as_str()) {
            return Ok(());
        }
        let depth = self.depth;
        let tables = match self.inserts.contains(&depth) {
            true => 1,
            false => 2 + self.tables + self.conditions.joins,
        };
        let is_returned = |list: &&mut List| list.depth == depth && list.kind == Kind::Returning;
        if let Some(list) = self.lists.iter_mut().find(is_returned) {
            list.stars += 1;
            if list.stars.saturating_mul(tables) > MOST_STARS {
                return Err(
                    "a RETURNING may have 19 times `*`, each counted for each table: name the columns",
                );
            }
        }
        Ok(())
    }
}

fn within(count: &mut u32, most: u32, sentence: &'static str) -> Result<(), &'static str> {
    *count += 1;
    if *count > most { Err(sentence) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(item: &str, n: usize) -> String {
        vec![item; n].join(", ")
    }

    #[test]
    fn forms_that_grow_without_end_are_refused() {
        for sql in [
            "with a as not materialized (select 1) select * from a".to_owned(),
            "with a as (select 1), b as NOT /* x */ -- y\n Materialized (select 1) select * from a".to_owned(),
            "select 'it''s', e'\\'', \"not\", $a$ ' $a$, a from b; with c as not materialized (select 1) select 1".to_owned(),
            "select e'a'\n'\\'' , 1 from xmltable('/a' passing x columns y text)".to_owned(),
            "select * from XmlTable ('/a' passing x columns y text)".to_owned(),
            format!("select 1 from a order by {}", many("a + 1", 400)),
            format!("select sum(a) over (partition by {}) from a", many("a + 1", 400)),
            format!("select 1 from a group by grouping sets ({})", many("(a, b)", 600)),
            format!("select {} from a", many("sum(a) over (order by b)", 201)),
            format!("select 1 from a {}", "join b using (c) ".repeat(201)),
            format!("select 1 from a where {} true", "exists (select from b) and ".repeat(201)),
            format!("select 1 from a where {} true", "not exists ((select 1 from b)) and ".repeat(201)),
            format!("select 1 from a where {} true", "b in (select c from d) and ".repeat(201)),
            format!("select 1 from a where {} true", "b = any (with e as (table d) table e) and ".repeat(201)),
            format!("select 1 from a {}", "natural join b ".repeat(9)),
            format!("select 1 from a full join b using ({})", many("c", 2001)),
            format!("select 1 from a where {} true", format!("({}) <> ({0}) and ", many("c", 1000)).repeat(3)),
            format!("select 1 from a where {} true", format!("(({})) is distinct from row({0}) or ", many("c", 1000)).repeat(3)),
            "select 1 from a where row(a.*) = row(a.*) and row(a.*, a.*) <> row(a.*, a.*)".to_owned(),
            format!("select 1 from a where (b, c) in ({})", many("(1, 2)", 2001)),
            format!("select 1 from a where ({}) not in ({})", many("b", 100), many(&format!("({})", many("1", 100)), 201)),
            format!("select 1 from a where b not in ({})", many("c + 1", 2001)),
            format!("select 1 from a where b in ({})", many("\"c\"", 2001)),
            format!("select {} from a", many("count(distinct b)", 301)),
            format!("select {} from a", many("array_agg(b order by c)", 301)),
            format!("select {}1", "(".repeat(10_001)),
            "select 1 from a group by cube(b, c, d, e, f, g, h, i, j, k, l, m)".to_owned(),
            "select 1 from a group by cube(b, c, d, e, f, g), rollup(h), cube(i, j, k, l, m, n)".to_owned(),
            "select xmlparse(document '<a/>')".to_owned(),
            "select a is not document from b".to_owned(),
            vec!["select 1"; 2001].join(" union all "),
            format!("select 1 {}{}", "/*".repeat(600), "*/".repeat(600)),
            format!("select 1 {}", "/*".repeat(600)),
            format!("select 1 {}", "/**/".repeat(600)),
            format!("select 1 /* {} */", "/*".repeat(600)),
            format!("select {}1", "+-".repeat(600)),
            format!("select 1 {} 1", "*".repeat(1000)),
            format!("select 1 from {}", many("a b", 502)),
            format!("select 1 from (select 1 from {} where b) c", many("a", 502)),
            format!("select 1 as distinct from {}", many("a", 502)),
            format!("select distinct {}", many("1", 1667)),
            format!("select distinct {}", many("1 as union", 1667)),
            format!("select distinct {}", many("1 select", 1667)),
            format!("select 1 from a order by {}", many("a.union", 302)),
            format!("select distinct on ({}) 1", many("a", 400)),
            format!("select {}1{}", "(select 1 from a order by ".repeat(210), ",1)".repeat(210)),
            format!("select 1 from json_table(a, '$' columns({}))", many("b int", 1002)),
            format!("create table a partition of b for values in ({})", many("1", 1002)),
            format!("update a set b = 1 returning {}", many("b", 1667)),
            format!("update a set b = 1 returning {}", many("*", 10)),
            format!("update a set b = 1 returning {}", many("(a).*", 10)),
            format!("insert into a values (1) returning {}", many("*", 20)),
            format!("with insert as (select 1) update a set b = 1 from {} returning *", many("a c", 19)),
            format!("delete from a using ({}) c returning c.*", vec!["a"; 19].join(" cross join ")),
            format!("with c as (update a set b = 1 returning {}) select 1", many("a.*", 10)),
            format!("merge into a using {} on true when not matched then insert values (1) returning *", vec!["a"; 19].join(" cross join ")),
            format!("select 1 from a where b{}", " or b".repeat(2_001)),
            format!("select 1 from a where b{}", " and b".repeat(2_001)),
            format!("delete from a using {}", many("b", 502)),
            format!("with {} select 1", many("a as (values (1))", 501)),
            format!("with {} select 1", many("a as materialized (table b)", 501)),
            format!("select 1 window {}", many("w as ()", 501)),
            format!("update a set {}", many("b = 1", 1667)),
            format!("update a set ({}) = (select 1)", many("b", 1667)),
            format!("update a set c = 1, ({}) = (select 1) where d", many("b", 1667)),
            format!("insert into a values (1) on conflict do update set {}", many("b = 1", 1667)),
            format!("insert into a values (1) on conflict ({}) do nothing", many("b", 400)),
            format!("merge into a using b on c when matched then update set {}", many("d = 1", 1667)),
            format!("create type a as enum ({})", many("'b'", 5002)),
            format!("create table a ({})", many("unique(b, c)", 2600)),
            format!("alter table a {}", many("add b int", 5002)),
            format!("create table a (b int {})", "check (c > 0) ".repeat(25_000)),
            format!("truncate {}", many("a", 5002)),
            format!("drop table {}", many("a", 5002)),
            format!("select array[{}] from {}", many("b", 800), many("c d", 190)),
            format!("select array[{}] from c", many("b", 100_100)),
            format!("select array[{}] from c", many("\"b\"", 100_100)),
            format!("select array[{}] from a {}", many("b", 800), "cross join c ".repeat(190)),
            format!("select array[{}] from a", many("sum (b)", 2001)),
            format!("select array[{}] from a", many("\"sum\"(b)", 2001)),
            format!("select array[{}] from a", many("pg_catalog.Array_Agg(b)", 2001)),
        ] {
            assert!(check(&sql).is_err(), "{}", &sql[..sql.len().min(90)]);
        }
    }

    #[test]
    fn what_only_looks_like_them_passes() {
        let padding = " ".repeat(SHORT);
        for sql in [
            "select 'not materialized', \"not materialized\", $$ not materialized xmltable $$ from a".to_owned(),
            "with a as materialized (select 1) select * from a -- not materialized".to_owned(),
            "create materialized view v as select 1 /* not materialized */".to_owned(),
            "select e'\\' not materialized \\'' from a".to_owned(),
            "select not_materialized from a where not b and materialized".to_owned(),
            format!("insert into a values {}", vec!["(1, 'x', now())"; 5000].join(", ")),
            format!("select 1 from a where b in ({}) order by b, c", vec!["1"; 5000].join(", ")),
            format!("select 1 from a order by array_position(array[{}], b), c", vec!["1"; 5000].join(", ")),
            format!("select 1 from a where b in (select c from d order by e) and f in ({})", vec!["1"; 5000].join(", ")),
            format!("select 1 from a order by b limit 1 {padding}"),
            format!("select '{}', $${0}$$, \"{0}\" -- {0}", "+-".repeat(600)),
            format!("/*{} a {0}*/ select 1 {padding}", "*".repeat(120)),
            "update a set b = c.d from c, e, f where true returning *, a.*".to_owned(),
            "insert into a select * from b join c using (d) join e using (f) returning *, a.*".to_owned(),
            format!("update a set b = 1 returning {}", many("b * c", 100)),
            format!("select {} from a", many("a", 1664)),
            format!("select 1 from a join b on ({}) where c", many("(d)", 200)),
            format!("select {} from a", many("extract(year from b)", 600)),
            format!("update a set b = c.d from (values {}) c where e", many("(1)", 600)),
            format!("select 1 from a where (b, c) in ({})", many("(1, 2)", 1900)),
            format!("select 1 from a where b in ({}) or c in ({})", many("'x'::text", 5000), many("$1::double precision", 5000)),
            format!("select 1 from a where b = any(array[{}])", many("1", 5000)),
            format!("insert into a (b, c, d) values {}", vec!["(lower('a'), now(), coalesce(null, 1))"; 5000].join(", ")),
            format!("select count(*) from a join b using (c, d) where {} true", "(b, c) = (1, 2) and ".repeat(600)),
            format!("insert into a select * from b where {} true on conflict (c, d) do update set (c, d) = (excluded.c, excluded.d)", "e and ".repeat(1900)),
            "select 1 from a group by cube(b, c, d, (e, f), g, h, i), rollup(j, k, l, m, n, o)".to_owned(),
            "select a.*, count(*) from a natural join b where document = 'x' and b.xml is not null".to_owned(),
            format!("select 1 from a where b in ({0}) and c = any(array[{0}])", many("1", 600)),
            format!("insert into a values {}", vec!["(null, true, default, now(), date '2026-01-01', 'x'::text, $1)"; 50_000].join(", ")),
            format!("update a set b = c.d, e = array[{0}] from (values {0}) c where f in ({0})", many("1", 5000)),
            format!("update a set (b, c) = (1, 2), d = coalesce({})", many("e", 1900)),
            format!("select {} from {}", many("a.b as a_b", 1600), many("c d", 190)),
            format!("select {} from {}", many("\"a\".\"b\" AS \"a_b\"", 1600), many("c d", 190)),
            format!("create table a ({})", many("b numeric(10, 2)", 1600)),
            format!("create type a as enum ({})", many("'b'", 3000)),
            format!("select {} from a", many("count(*) filter (where b)", 1600)),
        ] {
            assert_eq!(check(&sql), Ok(()), "{}", &sql[..sql.len().min(90)]);
        }
    }
}
