//! Names that somebody may have meant.

/// Names less like it than that are other names.
const NEAR: f64 = 0.75;

/// Up to three of the names that are most like a text, best first.
pub fn near<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let likeness = |name: &str| {
        let distance = strsim::normalized_damerau_levenshtein(text, name);
        distance.max(strsim::jaro_winkler(text, name) - 0.1)
    };
    let mut found: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn a_slip_of_the_finger_finds_the_name() {
        let names = ["pizza-bot", "flowers", "pizzeria"];
        assert_eq!(near("piza-bot", names)[0], "pizza-bot");
        assert_eq!(near("flower", names), ["flowers"]);
        assert!(near("quux", names).is_empty());
    }
}
