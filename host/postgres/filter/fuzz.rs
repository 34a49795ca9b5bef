//! Statements of tenants.

use super::{Statement, classify, effect, only_reads};

/// What stands before a statement and means nothing.
const NOTHING: [&str; 4] = [" \t\x0c", "\n--'$a$\n", "/* /* ' */ \" */", "--\r"];

/// Judges a statement: blanks and comments before it change nothing, nor does the case of its words.
pub(crate) fn run(input: &[u8]) {
    let Ok(sql) = std::str::from_utf8(input) else {
        return;
    };
    let (statement, effect_of, reads) = (classify(sql), effect(sql), only_reads(sql));
    for nothing in NOTHING {
        let longer = format!("{nothing}{sql}");
        assert_eq!(classify(&longer), statement, "{nothing:?}");
        assert_eq!(effect(&longer), effect_of, "{nothing:?}");
        assert_eq!(only_reads(&longer), reads, "{nothing:?}");
    }
    // The marks of texts in dollars, and prefixes of others, mean what they are.
    if !sql.contains(['$', '\'']) {
        let loud = sql.to_ascii_uppercase();
        let is_allowed = |statement: &Statement| *statement == Statement::Allowed;
        assert_eq!(is_allowed(&classify(&loud)), is_allowed(&statement));
        assert_eq!(effect(&loud), effect_of);
    }
    if let Statement::Denied(sentence) = statement {
        assert!(!sentence.is_empty());
    }
}
