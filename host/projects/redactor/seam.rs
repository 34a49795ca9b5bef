//! Texts that come one after the other: a value may begin in one and end in the next.

use super::{Found, Redactor};

/// Holds back what may be the beginning of a value, until the next text shows whether it is.
#[derive(Debug)]
pub struct Seam<T> {
    held: Vec<(T, String)>,
    /// The form that the last value was written in, and how much of it has come; the text ended
    /// before it did.
    cut: Option<(usize, usize)>,
}

impl<T> Default for Seam<T> {
    fn default() -> Self {
        Self {
            held: Vec::new(),
            cut: None,
        }
    }
}

impl<T> Seam<T> {
    /// Takes a text, and gives those that can go on, in order, with nothing of a value in them.
    pub fn push(&mut self, redactor: &Redactor, tag: T, text: String) -> Vec<(T, String)> {
        if redactor.is_idle() {
            return vec![(tag, text)];
        }
        if text.is_empty() {
            let mut all = self.end();
            all.push((tag, text));
            return all;
        }
        let rest = self.after_cut(redactor, text);
        if rest.is_empty() {
            return Vec::new();
        }
        self.held.push((tag, rest));
        let joined: String = self.held.iter().map(|(_, text)| text.as_str()).collect();
        let found = redactor.find(&joined);
        let last = found.last().filter(|last| last.at.end == joined.len());
        let last = last.and_then(|last| {
            let (_, form) = redactor.form(last.form)?;
            (last.length < form.text.len()).then_some((last.form, last.length))
        });
        if last.is_some() {
            self.cut = last;
        }
        let known = found.last().map_or(0, |last| last.at.end);
        let open = redactor.open_end(&joined, known);
        let mut goes = 0;
        let mut at = 0;
        for (_, text) in &mut self.held {
            let end = at + text.len();
            if end <= open {
                goes += 1;
            }
            *text = without(redactor, text, at, &found);
            at = end;
        }
        let going = self.held.drain(..goes);
        // Of a value that lies over several texts only the first shows anything.
        going.filter(|(_, text)| !text.is_empty()).collect()
    }

    /// Gives what is held: nothing follows.
    pub fn end(&mut self) -> Vec<(T, String)> {
        self.cut = None;
        std::mem::take(&mut self.held)
    }

    /// The text without what belongs to the value before it.
    fn after_cut(&mut self, redactor: &Redactor, text: String) -> String {
        let Some((form, length)) = self.cut.take() else {
            return text;
        };
        let Some((_, known)) = redactor.form(form) else {
            return text;
        };
        let rest = known.text.get(length..).unwrap_or_default();
        let mut more = super::common(rest, text.as_bytes());
        while !text.is_char_boundary(more) {
            more += 1;
        }
        if more == text.len() && more < rest.len() {
            self.cut = Some((form, length + more));
        }
        text.get(more..).unwrap_or_default().to_owned()
    }
}

/// One of several texts, which begins at `start` of all, without what was found in them.
fn without(redactor: &Redactor, text: &str, start: usize, found: &[Found]) -> String {
    let (mut out, mut after, end) = (String::new(), start, start + text.len());
    for Found { at, form, .. } in found {
        if at.end <= start || at.start >= end {
            continue;
        }
        let before = at.start.max(start);
        out.push_str(text.get(after - start..before - start).unwrap_or_default());
        if at.start >= start {
            out.push_str(&redactor.mark(*form));
        }
        after = at.end.min(end);
    }
    out.push_str(text.get(after - start..).unwrap_or_default());
    out
}
