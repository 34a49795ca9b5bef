//! What an upload's `.npmrc` says of registries, and nothing else of it.
//!
//! npm reads quotes, comments, escapes, sections and variables in many places of a line, and ends lines at a
//! bare CR. So only lines are kept that have nothing of it, and what is kept is written anew.

/// A setting that is kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Its line, from 1, as editors count them.
    pub(crate) line: usize,
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Setting {
    /// Whether it names a registry.
    pub(crate) fn names_registry(&self) -> bool {
        self.key == "registry" || self.key.ends_with(":registry")
    }
}

const LOGINS: [&str; 6] = [
    "_authToken",
    "_auth",
    "username",
    "_password",
    "email",
    "always-auth",
];

/// The lines that say where packages are, and how to log in there. Others could have npm start programs, or
/// write the host's variables into a request: `${NAME}` is filled in by npm.
pub(crate) fn settings(npmrc: &[u8]) -> Vec<Setting> {
    let text = String::from_utf8_lossy(npmrc);
    let mut settings = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        // Behind a section everything is the section's.
        if line.trim_start().starts_with('[') {
            break;
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let (key, value) = (trimmed(key), unquoted(trimmed(value)));
        if is_kept(key) && is_plain(key, b"[]") && is_plain(value, b"") {
            settings.push(Setting {
                line: number + 1,
                key: key.to_owned(),
                value: value.to_owned(),
            });
        }
    }
    settings
}

/// The same as a file.
pub(crate) fn written(settings: &[Setting]) -> Vec<u8> {
    let lines = settings
        .iter()
        .map(|Setting { key, value, .. }| format!("{key}={value}"));
    lines.collect::<Vec<_>>().join("\n").into_bytes()
}

fn is_kept(key: &str) -> bool {
    let logs_in = LOGINS.iter().any(|end| {
        key.strip_suffix(end)
            .is_some_and(|start| start.ends_with(':'))
    });
    let scope = key.strip_suffix(":registry");
    key == "registry"
        || scope.is_some_and(|scope| scope.starts_with('@'))
        || (key.starts_with("//") && logs_in)
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// Whether npm reads it as it is written.
fn is_plain(text: &str, also_not: &[u8]) -> bool {
    let is_read_otherwise = |byte: u8| b"\"'`\\;#${}".contains(&byte) || also_not.contains(&byte);
    text.bytes()
        .all(|byte| byte.is_ascii_graphic() && !is_read_otherwise(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(npmrc: &str) -> String {
        String::from_utf8(written(&settings(npmrc.as_bytes()))).unwrap()
    }

    #[test]
    fn registries_and_logins_are_kept() {
        let npmrc = "registry = https://npm.example/\r\n; a comment\n@own:registry=\"https://own.example/\"\n\
                     //own.example/:_authToken=abc+/=\n//own.example/:username=me\n";
        let expected = "registry=https://npm.example/\n@own:registry=https://own.example/\n\
                        //own.example/:_authToken=abc+/=\n//own.example/:username=me";
        assert_eq!(kept(npmrc), expected);
        assert_eq!(kept(expected), expected);
        assert_eq!(settings(npmrc.as_bytes())[1].line, 3);
    }

    #[test]
    fn no_line_says_more_to_npm_than_here() {
        for npmrc in [
            "registry=https://a.example/\rgit=./evil.sh",
            "registry=https://a.example/\r\rgit=./evil.sh\r\n",
            "git=./evil.sh\rregistry=https://a.example/",
            "registry=https://a.example/\u{2028}git=./evil.sh",
            "registry=https://${HOME}/",
            "registry=https://a.example/;x",
            "registry=https://a.example/#x",
            "registry=https://a.example/\\",
            "registry[]=https://a.example/",
            "\"registry\"=https://a.example/",
            "'git=x:registry'=y",
            "git=x:registry=y",
            "git:registry=y",
            "[git]\nregistry=https://a.example/",
            "; x\rgit=./evil.sh:registry=y",
            "//a.example/:_authToken=a b",
            "//a.example/:tokenHelper=/bin/sh",
            "//a.example/:certfile=/etc/passwd",
            "\u{a0}registry=https://a.example/",
            "registry",
        ] {
            assert_eq!(kept(npmrc), "", "{npmrc:?}");
        }
    }
}
