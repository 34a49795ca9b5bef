//! What is looked for in a whole statement: few forms over which the server's planner takes time and memory
//! as the power of their length, before it looks at any interrupt.
//!
//! The statement is split as Postgres does it. Where it would refuse the text, it does not matter what is
//! found here.

use super::words::{Token, Words};

/// Items of one ORDER BY or PARTITION BY.
const MOST_SORTED: u32 = 300;
/// Items of one GROUP BY, with those of its grouping sets.
const MOST_GROUPED: u32 = 1_000;
const MOST_WINDOWS: u32 = 200;
const MOST_JOINS: u32 = 500;
const MOST_QUERIES: u32 = 2_000;

/// A shorter statement has none of these in numbers that matter.
const SHORT: usize = 1_000;

/// Fails with the sentence that tells what to do instead.
pub(super) fn check(sql: &str) -> Result<(), &'static str> {
    if sql.len() < SHORT {
        let text = sql.to_ascii_lowercase();
        if !text.contains("materialized") && !text.contains("xmltable") {
            return Ok(());
        }
    }
    Scan::default().run(Words::new(sql))
}

/// A list after `BY`, as long as it goes on.
struct List {
    depth: u32,
    is_grouping: bool,
    commas: u32,
}

#[derive(Default)]
struct Scan {
    /// The word before, in upper case; empty after anything else.
    before: String,
    depth: u32,
    lists: Vec<List>,
    windows: u32,
    joins: u32,
    queries: u32,
}

impl Scan {
    fn run(mut self, mut words: Words<'_>) -> Result<(), &'static str> {
        let mut is_escaping = false;
        loop {
            match words.next() {
                Token::End => return Ok(()),
                Token::Word(word) => {
                    is_escaping = word.eq_ignore_ascii_case("e") && words.is_at('\'');
                    let word = word.to_ascii_uppercase();
                    self.word(&word)?;
                    self.before = word;
                    continue;
                }
                // A text goes on after another one as that one was.
                Token::Other('\'') => words.skip_text(is_escaping),
                Token::Other('$') => {
                    is_escaping = false;
                    words.skip_dollars();
                }
                Token::Other(character) => {
                    is_escaping = false;
                    self.character(character)?;
                }
                Token::Quoted(_) => is_escaping = false,
            }
            self.before.clear();
        }
    }

    fn word(&mut self, word: &str) -> Result<(), &'static str> {
        match (self.before.as_str(), word) {
            ("NOT", "MATERIALIZED") => Err(
                "NOT MATERIALIZED is not available here: leave it out, a WITH query that is used once is part of the statement anyway",
            ),
            (_, "XMLTABLE") => Err("XMLTABLE is not available here: read XML in the bot"),
            (before, "BY") => {
                self.lists.push(List {
                    depth: self.depth,
                    is_grouping: before == "GROUP",
                    commas: 0,
                });
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
            (_, "JOIN") => within(
                &mut self.joins,
                MOST_JOINS,
                "a statement may have 500 joins",
            ),
            (_, "SELECT") => within(
                &mut self.queries,
                MOST_QUERIES,
                "a statement may have 2000 queries in it: send several, or give VALUES",
            ),
            _ => Ok(()),
        }
    }

    fn character(&mut self, character: char) -> Result<(), &'static str> {
        match character {
            '(' | '[' => self.depth += 1,
            ')' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                let depth = self.depth;
                self.lists.retain(|list| list.depth <= depth);
            }
            ',' => {
                for list in &mut self.lists {
                    if list.is_grouping {
                        within(
                            &mut list.commas,
                            MOST_GROUPED,
                            "a GROUP BY may have 1000 items, with those of its sets",
                        )?;
                    } else if list.depth == self.depth {
                        within(
                            &mut list.commas,
                            MOST_SORTED,
                            "an ORDER BY or PARTITION BY may have 300 items",
                        )?;
                    }
                }
            }
            _ => {}
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

    #[test]
    fn forms_that_grow_without_end_are_refused() {
        let many = |item: &str, n: usize| vec![item; n].join(", ");
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
            format!("select 1 from a {}", "join b using (c) ".repeat(501)),
            vec!["select 1"; 2001].join(" union all "),
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
        ] {
            assert_eq!(check(&sql), Ok(()), "{}", &sql[..sql.len().min(90)]);
        }
    }
}
