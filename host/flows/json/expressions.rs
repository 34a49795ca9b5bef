//! What in a text of Flow JSON is looked up: `${data.x}`, `${form.x}`, `${screen.S.data.x}`, and expressions of them.

/// Where something is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// Another screen than the one that says it.
    pub(super) screen: Option<String>,
    pub(super) root: Root,
    /// Behind the root; never empty.
    pub(super) path: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Data,
    Form,
}

/// What a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Itself.
    Plain,
    /// What is there.
    Reference(Reference),
    /// What comes of a calculation, in back-ticks.
    Expression(Vec<Reference>),
    /// Nothing: it is malformed.
    Malformed(String),
    /// Itself, although there is a reference within it.
    Inline,
}

/// Reads a text.
pub(super) fn said(text: &str) -> Said {
    let is_ticked = text.len() > 1 && text.starts_with('`') && text.ends_with('`');
    if is_ticked {
        return match expression(&text[1..text.len() - 1]) {
            Ok(references) => Said::Expression(references),
            Err(why) => Said::Malformed(why),
        };
    }
    let Some(begin) = text.find("${") else {
        return Said::Plain;
    };
    let is_whole = begin == 0 && text.find('}') == Some(text.len() - 1);
    if !is_whole {
        return Said::Inline;
    }
    match reference(&text[2..text.len() - 1]) {
        Ok(reference) => Said::Reference(reference),
        Err(why) => Said::Malformed(why),
    }
}

/// The references of an expression, if its signs belong together.
pub(super) fn expression(text: &str) -> Result<Vec<Reference>, String> {
    let mut references = Vec::new();
    let mut open = 0_i32;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("${") {
            let end = behind.find('}').ok_or("a reference has no `}`")?;
            references.push(reference(&behind[..end])?);
            rest = &behind[end + 1..];
            continue;
        }
        match first {
            '\'' => {
                let behind = &rest[1..];
                let end = text_end(behind).ok_or("a text in quotes has no end")?;
                rest = &behind[end + 1..];
                continue;
            }
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open < 0 {
            return Err("a `)` has no `(` before it".to_owned());
        }
        rest = &rest[first.len_utf8()..];
    }
    match open {
        0 => Ok(references),
        _ => Err("a `(` has no `)`".to_owned()),
    }
}

fn text_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == '\'' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

fn reference(inner: &str) -> Result<Reference, String> {
    let whole = || format!("`${{{inner}}}`");
    let parts: Vec<&str> = inner.trim().split('.').collect();
    let is_name = |part: &&str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || "_-&[] ".contains(c))
    };
    if !parts.iter().all(is_name) {
        return Err(format!("{} is no reference", whole()));
    }
    let (screen, parts) = match parts.as_slice() {
        ["screen", screen, rest @ ..] => (Some((*screen).to_owned()), rest),
        rest => (None, rest),
    };
    let (root, path) = match parts {
        ["data", path @ ..] => (Root::Data, path),
        ["form", path @ ..] => (Root::Form, path),
        _ => {
            return Err(format!(
                "{} begins with neither `data.` nor `form.` nor `screen.`",
                whole()
            ));
        }
    };
    if path.is_empty() {
        return Err(format!("{} names nothing", whole()));
    }
    Ok(Reference {
        screen,
        root,
        path: path.iter().map(|part| (*part).to_owned()).collect(),
    })
}

impl Reference {
    /// As it is written.
    pub(super) fn shown(&self) -> String {
        let screen = self.screen.as_ref();
        let screen = screen.map_or_else(String::new, |screen| format!("screen.{screen}."));
        let root = match self.root {
            Root::Data => "data",
            Root::Form => "form",
        };
        format!("${{{screen}{root}.{}}}", self.path.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_what_they_say() {
        assert_eq!(said("plain $ {x}"), Said::Plain);
        assert_eq!(said("Hello ${data.name}"), Said::Inline);
        let Said::Reference(found) = said("${screen.FIRST.form.name}") else {
            panic!("no reference");
        };
        assert_eq!(found.screen.as_deref(), Some("FIRST"));
        assert_eq!(
            (found.root, found.path.as_slice()),
            (Root::Form, &["name".to_owned()][..])
        );
        let Said::Expression(found) = said("`'It''s ' + ${data.a.b} + (${form.c} * 2)`") else {
            panic!("no expression");
        };
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].shown(), "${data.a.b}");
        for bad in [
            "${x.y}",
            "${data}",
            "${data..y}",
            "`(${data.a}`",
            "`'x`",
            "`${data.a`",
        ] {
            assert!(
                matches!(said(bad), Said::Malformed(_)),
                "{bad}: {:?}",
                said(bad)
            );
        }
    }
}
