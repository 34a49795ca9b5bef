//! What a dependency is written as: a version of a registry, a folder, or something from elsewhere.

/// Where a dependency comes from, by how it is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Spec<'a> {
    /// A range, a version or a tag of a registry; also one under another name, as in `npm:ms@2`.
    Registry,
    /// A folder or an archive on disk: `file:`, `link:`, `portal:` or a path.
    Path(&'a str),
    /// A package of the same workspace: `workspace:*`.
    Workspace,
    /// A version that pnpm-workspace.yaml names: `catalog:` and the catalog's name.
    Catalog(&'a str),
    /// A repository, a URL, or what nobody knows.
    Elsewhere,
}

impl<'a> Spec<'a> {
    /// Only what certainly is of a registry counts as that.
    pub(super) fn of(text: &'a str) -> Self {
        let text = text.trim();
        if let Some(path) = ["file:", "link:", "portal:"]
            .iter()
            .find_map(|protocol| text.strip_prefix(protocol))
        {
            return Self::Path(path);
        }
        if text.starts_with("workspace:") {
            return Self::Workspace;
        }
        if let Some(name) = text.strip_prefix("catalog:") {
            return Self::Catalog(name.trim());
        }
        let is_path = matches!(text, "." | "..")
            || ["./", "../", "~/", "/"]
                .iter()
                .any(|start| text.starts_with(start))
            || (is_archive(text) && !text.contains(':'));
        if is_path {
            return Self::Path(text);
        }
        let range = match text.strip_prefix("npm:") {
            None => text,
            Some(alias) => match alias.char_indices().skip(1).find(|(_, c)| *c == '@') {
                Some((at, _)) if is_package_name(&alias[..at]) => &alias[at + 1..],
                None if is_package_name(alias) => "",
                _ if is_range(alias) => alias,
                _ => return Self::Elsewhere,
            },
        };
        match is_range(range) {
            true => Self::Registry,
            false => Self::Elsewhere,
        }
    }
}

fn is_archive(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    [".tgz", ".tar.gz", ".tar"]
        .iter()
        .any(|end| text.ends_with(end))
}

/// A range of versions or a tag: nothing in it names a place.
fn is_range(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || " .-+*^~<>=|_,".contains(c);
    text.chars().all(is_allowed) && !text.contains("..") && !is_archive(text)
}

/// A name that npm makes one folder of, and not another one.
pub(super) fn is_package_name(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.~!*'()".contains(c))
    };
    match name.strip_prefix('@') {
        Some(scoped) => scoped
            .split_once('/')
            .is_some_and(|(scope, name)| is_part(scope) && is_part(name)),
        None => is_part(name) && name != "node_modules",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_of_a_registry_counts_as_that() {
        for text in [
            "",
            "*",
            "^1.2.3",
            "~1",
            ">=1 <3 || 5.x",
            "latest",
            "1.0.0-beta.1+x",
            "1 - 2",
            "~1.2",
            "npm:ms@^2",
            "npm:@scope/name@1.0.0",
            "npm:ms",
        ] {
            assert_eq!(Spec::of(text), Spec::Registry, "{text}");
        }
        for (text, path) in [
            ("file:../a", "../a"),
            ("link:./a", "./a"),
            ("portal:/etc", "/etc"),
            ("../a", "../a"),
            ("./a", "./a"),
            ("/etc", "/etc"),
            ("~/a", "~/a"),
            ("..", ".."),
            ("a.tgz", "a.tgz"),
            ("vendor/a.tar.gz", "vendor/a.tar.gz"),
        ] {
            assert_eq!(Spec::of(text), Spec::Path(path), "{text}");
        }
        for text in [
            "git+https://h/a.git",
            "git://h/a",
            "git@github.com:a/b.git",
            "ssh://h/a",
            "github:a/b",
            "gist:123",
            "a/b",
            "a/b#main",
            "https://h/a.tgz",
            "http://127.0.0.1/x",
            "npm:a@git+https://h/b",
            "npm:../a@1",
            "npm:a@../b",
            "npm:a@file:../b",
            "jsr:@a/b@1",
            "patch:a@npm%3A1#./p",
            "exec:./x",
            "c:\\x",
            "unknown:x",
        ] {
            assert_eq!(Spec::of(text), Spec::Elsewhere, "{text}");
        }
        assert_eq!(Spec::of("workspace:^"), Spec::Workspace);
        assert_eq!(Spec::of("catalog:"), Spec::Catalog(""));
    }

    #[test]
    fn names_lead_nowhere_else() {
        for name in ["ms", "@types/node", "lodash.merge", "JSONStream", "is_even"] {
            assert!(is_package_name(name), "{name}");
        }
        for name in [
            "",
            "..",
            ".bin",
            "a/b",
            "@a",
            "@a/..",
            "@../b",
            "@a/b/c",
            "a\\b",
            "node_modules",
            "a b",
            "a:b",
        ] {
            assert!(!is_package_name(name), "{name}");
        }
    }
}
