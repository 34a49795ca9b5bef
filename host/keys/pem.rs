//! PEM: text between `-----BEGIN` and `-----END` (RFC 7468, and RFC 1421 for what is encrypted).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// What is between two such lines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    pub(crate) label: &'a str,
    /// How it is encrypted: cipher and IV, as `DEK-Info` has it.
    pub(crate) encryption: Option<&'a str>,
    pub(crate) contents: Vec<u8>,
}

/// The blocks of a text, in their order. What is no whole block is left out.
pub(crate) fn blocks(text: &[u8]) -> impl Iterator<Item = Block<'_>> {
    // What is not of the blocks may be in any encoding.
    let mut lines = text
        .split(|byte| *byte == b'\n')
        .map(|line| std::str::from_utf8(line).unwrap_or_default().trim());
    std::iter::from_fn(move || {
        loop {
            let line = lines.find(|line| line.starts_with(BEGIN))?;
            let label = line
                .strip_prefix(BEGIN)
                .and_then(|rest| rest.strip_suffix(DASHES));
            if let Some(block) = label.and_then(|label| block(label, &mut lines)) {
                return Some(block);
            }
        }
    })
}

fn block<'a>(label: &'a str, lines: &mut impl Iterator<Item = &'a str>) -> Option<Block<'a>> {
    let mut encryption = None;
    let mut encoded = String::new();
    for line in lines {
        if let Some(rest) = line.strip_prefix(END) {
            let contents = STANDARD.decode(&encoded).ok()?;
            let is_its_end = rest.strip_suffix(DASHES) == Some(label);
            return is_its_end.then_some(Block {
                label,
                encryption,
                contents,
            });
        }
        match line.split_once(':') {
            Some(("DEK-Info", info)) => encryption = Some(info.trim()),
            Some(_) => {}
            None => encoded.extend(line.chars().filter(|letter| !letter.is_ascii_whitespace())),
        }
    }
    None
}

/// Writes a block.
pub(crate) fn written(label: &str, encryption: Option<&str>, contents: &[u8]) -> Vec<u8> {
    let mut text = format!("{BEGIN}{label}{DASHES}\n");
    if let Some(info) = encryption {
        text.push_str("Proc-Type: 4,ENCRYPTED\nDEK-Info: ");
        text.push_str(info);
        text.push_str("\n\n");
    }
    for line in contents.chunks(48) {
        STANDARD.encode_string(line, &mut text);
        text.push('\n');
    }
    text.push_str(&format!("{END}{label}{DASHES}\n"));
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let contents: Vec<u8> = (0..=255).collect();
        let text = [
            b"Subject: \xff\n-----BEGIN X-----\n".to_vec(),
            written("A KEY", Some("AES-128-CBC,00"), &contents),
            b"between\n".to_vec(),
            written("B", None, b""),
        ]
        .concat();

        let all: Vec<_> = blocks(&text).collect();

        // The first has no end of its own.
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].label, "B");
        let text = written("A KEY", Some("AES-128-CBC,00"), &contents);
        let block = blocks(&text).next().unwrap();
        assert_eq!(block.encryption, Some("AES-128-CBC,00"));
        assert_eq!(block.contents, contents);
        assert!(
            text.split(|byte| *byte == b'\n')
                .all(|line| line.len() <= 64)
        );
    }

    #[test]
    fn lines_may_end_and_begin_with_blanks() {
        let text = b"  -----BEGIN X-----\r\n QU JD\r\n\t-----END X-----";
        assert_eq!(blocks(text).next().unwrap().contents, b"ABC");
        for text in [
            "-----BEGIN X-----\nQUJD\n",
            "-----BEGIN X-----\n?\n-----END X-----",
            "",
            "-----BEGIN ",
        ] {
            assert_eq!(blocks(text.as_bytes()).next(), None, "{text}");
        }
    }
}
