//! Errors with what caused them, in one line.

use std::error::Error;

/// An error and its causes; what a cause only repeats is left out.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the soup is cold")]
    struct Cold;

    #[derive(Debug, thiserror::Error)]
    #[error("nobody eats: {0}")]
    struct Repeats(#[source] Cold);

    #[derive(Debug, thiserror::Error)]
    #[error("the table is empty")]
    struct Empty(#[source] Repeats);

    #[test]
    fn causes_follow_each_other_and_none_is_told_twice() {
        let error = Empty(Repeats(Cold));
        assert_eq!(
            with_causes(&error),
            "the table is empty: nobody eats: the soup is cold"
        );
        assert_eq!(with_causes(&Cold), "the soup is cold");
    }
}
