//! Bodies of `multipart/form-data`, as uploads come in.

use axum::body::Bytes;

/// One part of a form.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// Whether it is a file: the part says what the file is called.
    pub(crate) is_file: bool,
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Bytes,
}

/// The parts of a body; `None` when it is none of this content type.
pub(crate) fn read(content_type: &str, body: &Bytes) -> Option<Vec<Part>> {
    let boundary = parameter(content_type, "boundary").filter(|text| !text.is_empty())?;
    let delimiter = format!("\r\n--{boundary}");
    // What stands before the first boundary says nothing.
    let mut at = match body.starts_with(&delimiter.as_bytes()[2..]) {
        true => delimiter.len() - 2,
        false => find(body, delimiter.as_bytes())? + delimiter.len(),
    };
    let mut parts = Vec::new();
    while !body[at..].starts_with(b"--") {
        let head = at + find(&body[at..], b"\r\n")? + 2;
        // A part without headers has an empty line only.
        let (lines, content) = match body[head..].starts_with(b"\r\n") {
            true => (&body[head..head], head + 2),
            false => {
                let end = find(&body[head..], b"\r\n\r\n")?;
                (&body[head..head + end], head + end + 4)
            }
        };
        let end = content + find(&body[content..], delimiter.as_bytes())?;
        parts.push(part(lines, body.slice(content..end))?);
        at = end + delimiter.len();
    }
    Some(parts)
}

fn part(lines: &[u8], content: Bytes) -> Option<Part> {
    let lines = std::str::from_utf8(lines).ok()?;
    let header = |name: &str| {
        let found = lines.split("\r\n").find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known
                .trim()
                .eq_ignore_ascii_case(name)
                .then(|| value.trim())
        });
        found.map(str::to_owned)
    };
    let disposition = header("content-disposition")?;
    Some(Part {
        name: parameter(&disposition, "name")?,
        is_file: parameter(&disposition, "filename").is_some(),
        file_name: parameter(&disposition, "filename"),
        content_type: header("content-type"),
        content,
    })
}

/// A parameter of a header: `name="value"` or `name=value`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let (_, mut rest) = header.split_once(';')?;
    loop {
        let (key, after) = rest.split_once('=')?;
        let value;
        (value, rest) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"')?;
                (&quoted[..end], &quoted[end + 1..])
            }
            None => after.split_at(after.find(';').unwrap_or(after.len())),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = rest.split_once(';')?.1;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|found| found == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(content_type: &str, body: &str) -> Option<Vec<(String, bool, Vec<u8>)>> {
        let parts = read(content_type, &Bytes::from(body.to_owned()))?;
        let shown = |part: Part| (part.name, part.is_file, part.content.to_vec());
        Some(parts.into_iter().map(shown).collect())
    }

    #[test]
    fn a_form_is_taken_apart_by_its_boundary() {
        let body = "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n\
                    --b\r\ncontent-type: image/png\r\ncontent-disposition: form-data; filename=\"a;b\"; \
                    name=file\r\n\r\nPNG\r\n--c\r\n\r\n--b--\r\nepilogue";
        let expected = vec![
            ("type".to_owned(), false, b"image/png".to_vec()),
            ("file".to_owned(), true, b"PNG\r\n--c\r\n".to_vec()),
        ];
        for boundary in ["b", "\"b\"", "b; charset=utf-8"] {
            let content_type = format!("multipart/form-data; boundary={boundary}");
            assert_eq!(parts(&content_type, body), Some(expected.clone()));
        }
    }

    #[test]
    fn what_breaks_off_is_no_form() {
        let plain = "multipart/form-data; boundary=b";
        for (content_type, body) in [
            ("multipart/form-data", "--b--"),
            (plain, ""),
            (plain, "--b"),
            (plain, "--b\r\n"),
            (
                plain,
                "--b\r\ncontent-disposition: form-data; name=a\r\n\r\n1",
            ),
            (plain, "--b\r\n\r\n1\r\n--b--"),
            (
                plain,
                "--b\r\ncontent-disposition: form-data; name=\"a\r\n\r\n1\r\n--b--",
            ),
        ] {
            assert_eq!(parts(content_type, body), None, "{body}");
        }
    }
}
