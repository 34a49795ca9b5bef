//! Counts what the planner makes conditions and joins of: AND, but also rows that are compared, which are one
//! condition for each column, lists of IN with rows or columns in them, USING and NATURAL, and queries of EXISTS and
//! IN. It compares each with each.

/// The planner looks through all that must be equal for each of them.
const MOST_CONDITIONS: u32 = 2_000;
/// Columns of all rows in lists of IN.
const MOST_IN_ROWS: u32 = 20_000;
/// Columns that a star in a row stands for, at most.
const OF_A_STAR: u32 = 1_600;
/// Each column that both tables have is a condition.
const OF_A_NATURAL_JOIN: u32 = 250;
/// Joins, and queries of EXISTS and IN.
const MOST_JOINS: u32 = 200;
/// Orders of aggregates are compared with those of all others.
const MOST_SORTS: u32 = 300;
/// Items of CUBE: there is a set for each choice of them.
const MOST_CUBED: u32 = 11;
/// Parentheses in each other: the server's parser has room for fewer.
const MOST_OPEN: usize = 10_000;

const TOO_MANY: &str = "a statement may have 2000 times AND, with the columns of rows that are compared, of USING and \
     in lists of IN, and 250 for each NATURAL: join with VALUES";

/// What stands between a parenthesis or bracket and its end.
#[derive(Clone, Copy)]
struct Group {
    opener: Opener,
    /// Nothing of it was read.
    is_fresh: bool,
    commas: u32,
    /// Stars that stand for columns.
    stars: u32,
    /// Columns of what is looked for in a list of IN, when that is a row; else 0.
    width: u32,
    /// How many names there were before its last item began.
    names: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    Exists,
    In,
    Using,
    Cube,
    Other,
}

#[derive(Default)]
pub(super) struct Conditions {
    groups: Vec<Group>,
    /// Columns of the row that has just ended: what comes next may compare it.
    row: u32,
    /// Words that may be names of columns.
    names: u32,
    count: u32,
    in_rows: u32,
    sorts: u32,
    cubed: u32,
    pub(super) joins: u32,
}

impl Conditions {
    /// `before` is the word before it, or one of `. , : )`.
    pub(super) fn word(&mut self, before: &str, word: &str) -> Result<(), &'static str> {
        let is_first = self.groups.last().is_some_and(|group| group.is_fresh);
        if is_first {
            self.first_word(word)?;
        }
        self.begin_item();
        let is_name = !["NULL", "TRUE", "FALSE", "PRECISION"].contains(&word) && before != ":";
        self.names = self.names.saturating_add(u32::from(is_name));
        match word {
            // A row goes on to what compares it.
            "NOT" | "IN" => return Ok(()),
            "IS" => {
                let row = self.row;
                self.add(row)?;
            }
            _ => {}
        }
        self.row = 0;
        match (before, word) {
            // Behind a dot or AS any word is a name.
            ("." | "AS", _) => Ok(()),
            (_, "AND") => self.add(1),
            (_, "NATURAL") => self.add(OF_A_NATURAL_JOIN),
            (_, "JOIN") => self.join(),
            ("ORDER", "BY") => self.sort(),
            _ => Ok(()),
        }
    }

    /// The first word in parentheses.
    fn first_word(&mut self, word: &str) -> Result<(), &'static str> {
        let opener = self.groups.last().map(|group| group.opener);
        match (opener, word) {
            (Some(Opener::Exists | Opener::In), "SELECT" | "WITH" | "VALUES" | "TABLE") => {
                if let Some(group) = self.groups.last_mut() {
                    // Its commas are of no list.
                    group.opener = Opener::Other;
                }
                self.join()
            }
            (_, "DISTINCT") => self.sort(),
            _ => Ok(()),
        }
    }

    pub(super) fn open(&mut self, before: &str) -> Result<(), &'static str> {
        if self.groups.len() >= MOST_OPEN {
            return Err("a statement may have 10000 parentheses in each other");
        }
        // `in ((select …))` is the same as with one pair.
        let outer = self.groups.last().filter(|group| group.is_fresh);
        let opener = match before {
            "EXISTS" => Opener::Exists,
            "IN" | "ANY" | "SOME" => Opener::In,
            "USING" => Opener::Using,
            "CUBE" => Opener::Cube,
            _ => match outer.map(|group| group.opener) {
                Some(Opener::Exists) => Opener::Exists,
                _ => Opener::Other,
            },
        };
        let width = match before {
            "IN" => self.row,
            _ => 0,
        };
        self.begin_item();
        self.row = 0;
        self.groups.push(Group {
            opener,
            is_fresh: true,
            commas: 0,
            stars: 0,
            width,
            names: self.names,
        });
        Ok(())
    }

    pub(super) fn close(&mut self) -> Result<(), &'static str> {
        self.end_item()?;
        let Some(group) = self.groups.pop() else {
            return Ok(());
        };
        let columns = match group.commas + group.stars {
            // Parentheses around a row are none of their own.
            0 => self.row,
            _ => (group.commas + 1).saturating_add(group.stars.saturating_mul(OF_A_STAR)),
        };
        self.row = match group.opener {
            Opener::Other => columns,
            Opener::Exists | Opener::In | Opener::Using | Opener::Cube => 0,
        };
        Ok(())
    }

    pub(super) fn comma(&mut self) -> Result<(), &'static str> {
        self.end_item()?;
        self.row = 0;
        if let Some(group) = self.groups.last_mut() {
            group.commas = group.commas.saturating_add(1);
            group.names = self.names;
        }
        Ok(())
    }

    /// Any other character, a text or a quoted name.
    pub(super) fn other(&mut self, before: &str, character: char) -> Result<(), &'static str> {
        self.begin_item();
        match character {
            '=' | '<' | '>' | '!' => {
                let row = self.row;
                self.add(row)?;
            }
            '"' => self.names = self.names.saturating_add(1),
            '*' if before == "." => {
                if let Some(group) = self.groups.last_mut() {
                    group.stars = group.stars.saturating_add(1);
                }
            }
            _ => {}
        }
        self.row = 0;
        Ok(())
    }

    fn begin_item(&mut self) {
        if let Some(group) = self.groups.last_mut() {
            group.is_fresh = false;
        }
    }

    /// An item of a list of IN is a condition of its own where it is a row or has a column in it.
    fn end_item(&mut self) -> Result<(), &'static str> {
        let Some(group) = self.groups.last().copied() else {
            return Ok(());
        };
        match group.opener {
            Opener::Using => self.add(1),
            Opener::Cube => {
                self.cubed += 1;
                match self.cubed > MOST_CUBED {
                    true => Err("the CUBEs of a statement may have 11 items: name the sets"),
                    false => Ok(()),
                }
            }
            Opener::In if group.width > 0 => {
                self.in_rows = self.in_rows.saturating_add(group.width);
                if self.in_rows > MOST_IN_ROWS {
                    return Err(
                        "lists of IN may have 20000 columns of rows in a statement: join with VALUES",
                    );
                }
                self.add(1)
            }
            Opener::In if self.names > group.names => self.add(1),
            Opener::In | Opener::Exists | Opener::Other => Ok(()),
        }
    }

    fn add(&mut self, conditions: u32) -> Result<(), &'static str> {
        self.count = self.count.saturating_add(conditions);
        match self.count > MOST_CONDITIONS {
            true => Err(TOO_MANY),
            false => Ok(()),
        }
    }

    fn join(&mut self) -> Result<(), &'static str> {
        self.joins += 1;
        match self.joins > MOST_JOINS {
            true => Err("a statement may have 200 joins, with queries of EXISTS and IN"),
            false => Ok(()),
        }
    }

    fn sort(&mut self) -> Result<(), &'static str> {
        self.sorts += 1;
        match self.sorts > MOST_SORTS {
            true => Err("a statement may have 300 times ORDER BY, and DISTINCT of aggregates"),
            false => Ok(()),
        }
    }
}
