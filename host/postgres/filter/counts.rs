//! Counts what the server's parser compares with all columns in scope, or with all of its kind, before it looks at any
//! interrupt: names without a table before them, aggregates, and items of statements that define something.

/// Names, times the tables in which each is looked for: a second for tables of 1,600 columns.
const MOST_LOOKED_UP: u64 = 100_000;
const MOST_AGGREGATES: u32 = 2_000;
/// Commas of a statement that defines something. A table has up to 1,600 columns.
const MOST_DEFINED: u32 = 5_000;
/// Words and names of such a statement: constraints of a column have no commas between them.
const MOST_WORDS: u32 = 50_000;

const AGGREGATES: &[&str] = &[
    "ANY_VALUE",
    "AVG",
    "BIT_AND",
    "BIT_OR",
    "BIT_XOR",
    "BOOL_AND",
    "BOOL_OR",
    "CORR",
    "COUNT",
    "COVAR_POP",
    "COVAR_SAMP",
    "CUME_DIST",
    "DENSE_RANK",
    "EVERY",
    "GROUPING",
    "JSON_ARRAYAGG",
    "JSON_OBJECTAGG",
    "MAX",
    "MIN",
    "MODE",
    "PERCENTILE_CONT",
    "PERCENTILE_DISC",
    "PERCENT_RANK",
    "RANK",
    "STDDEV",
    "STDDEV_POP",
    "STDDEV_SAMP",
    "SUM",
    "VARIANCE",
    "VAR_POP",
    "VAR_SAMP",
    "XMLAGG",
];

/// Words that are no names of columns, as they stand in long statements.
const RESERVED: &[&str] = &[
    "ALL",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "CASE",
    "CAST",
    "CROSS",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "DEFAULT",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "EXCEPT",
    "FALSE",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INNER",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "NATURAL",
    "NOT",
    "NULL",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "RETURNING",
    "RIGHT",
    "SELECT",
    "SOME",
    "THEN",
    "TRUE",
    "UNION",
    "USING",
    "WHEN",
    "WHERE",
    "WITH",
];

#[derive(Default)]
pub(super) struct Counts {
    /// What was read last, when it may turn out to be a name without a table, and when it may be called.
    last: Option<Last>,
    names: u64,
    aggregates: u32,
    is_defining: bool,
    commas: u32,
    words: u32,
    is_begun: bool,
}

struct Last {
    /// In upper case.
    name: String,
    is_alone: bool,
}

impl Counts {
    /// A word in upper case, or a quoted name. `before` is the word before it, or one of `. , : )`.
    pub(super) fn name(
        &mut self,
        before: &str,
        name: &str,
        is_quoted: bool,
    ) -> Result<(), &'static str> {
        self.count_last();
        if !self.is_begun && !is_quoted {
            self.is_begun = true;
            self.is_defining =
                ["CREATE", "ALTER", "DROP", "TRUNCATE", "COMMENT", "REFRESH"].contains(&name);
        }
        self.words = self.words.saturating_add(1);
        if self.is_defining && self.words > MOST_WORDS {
            return Err("a statement that defines something may have 50000 words: send several");
        }
        let is_reserved = !is_quoted && RESERVED.contains(&name);
        self.last = Some(Last {
            name: name.to_ascii_uppercase(),
            is_alone: !is_reserved && ![".", ":", "AS"].contains(&before),
        });
        Ok(())
    }

    /// A text, which a word before it says the type of.
    pub(super) fn text(&mut self) {
        self.last = None;
    }

    pub(super) fn character(&mut self, character: char) -> Result<(), &'static str> {
        match character {
            '(' => {
                let called = self.last.take();
                if called.is_some_and(|called| is_aggregate(&called.name)) {
                    self.aggregates += 1;
                    if self.aggregates > MOST_AGGREGATES {
                        return Err("a statement may have 2000 aggregates: send several");
                    }
                }
            }
            '.' | '[' => self.last = None,
            ',' if self.is_defining => {
                self.count_last();
                self.commas += 1;
                if self.commas > MOST_DEFINED {
                    return Err(
                        "a statement that defines something may have 5000 items: send several, or use a table",
                    );
                }
            }
            _ => self.count_last(),
        }
        Ok(())
    }

    /// At the end: `tables` are those of all lists, but for the first of each.
    pub(super) fn end(mut self, tables: u32) -> Result<(), &'static str> {
        self.count_last();
        match self.names.saturating_mul(u64::from(tables) + 1) > MOST_LOOKED_UP {
            true => Err(
                "a statement may have 100000 names of columns, each counted for each table: name the table before the column",
            ),
            false => Ok(()),
        }
    }

    fn count_last(&mut self) {
        if self.last.take().is_some_and(|last| last.is_alone) {
            self.names += 1;
        }
    }
}

fn is_aggregate(name: &str) -> bool {
    AGGREGATES.contains(&name)
        || name.starts_with("REGR_")
        || name.ends_with("_AGG")
        || name.ends_with("_AGG_STRICT")
        || name.ends_with("_AGG_UNIQUE")
        || name.ends_with("_AGG_UNIQUE_STRICT")
        // An escape of `U&"..."`.
        || name.contains('\\')
}
