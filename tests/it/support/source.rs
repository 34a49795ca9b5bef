//! The checkout's files, and its Rust as tokens: what the compiler reads, however it is laid out.

use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What tools and builds leave in a checkout.
const LEFT_BEHIND: [&str; 6] = [".git", ".roost", ".tools", "dist", "node_modules", "target"];

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder of the checkout, relative to the checkout and in order.
pub fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.sort();
    assert!(!found.is_empty(), "`{folder}` has no files");
    found
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if LEFT_BEHIND.contains(&&*entry.file_name().to_string_lossy()) {
            continue;
        }
        if kind.is_dir() {
            collect(&entry.path(), found);
        } else if kind.is_file() {
            let path = entry.path();
            found.push(path.strip_prefix(root()).unwrap().display().to_string());
        }
    }
}

pub fn rust_files(folders: &[&str]) -> Vec<String> {
    let all = folders.iter().flat_map(|folder| files(folder));
    all.filter(|file| file.ends_with(".rs")).collect()
}

/// A file's text; nothing when it is no text, or was removed just now.
pub fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_default()
}

/// The tokens of a Rust file. Comments are none; those of documentation are attributes.
pub fn tokens(file: &str) -> Vec<TokenTree> {
    let parsed: Result<TokenStream, _> = text(file).parse();
    let stream = parsed.unwrap_or_else(|error| panic!("{file} is no Rust: {error}"));
    stream.into_iter().collect()
}

/// What is between the brackets of a token; nothing where it has none.
pub fn inside(token: &TokenTree) -> Vec<TokenTree> {
    match token {
        TokenTree::Group(group) => group.stream().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The line that a token begins in.
pub fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

/// The name that a token is, if it is one.
pub fn name(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(name)) => Some(name.to_string()),
        _ => None,
    }
}

pub fn is_name(token: Option<&TokenTree>, wanted: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(name)) if name == wanted)
}

pub fn is_sign(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(sign)) if sign.as_char() == wanted)
}

/// Whether `::` stands there.
pub fn is_path(tokens: &[TokenTree], at: usize) -> bool {
    is_sign(tokens.get(at), ':') && is_sign(tokens.get(at + 1), ':')
}

pub fn is_group(token: Option<&TokenTree>, wanted: Delimiter) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == wanted)
}

/// The value of a string literal.
pub fn string(token: Option<&TokenTree>) -> Option<String> {
    let Some(TokenTree::Literal(literal)) = token else {
        return None;
    };
    let parsed: Result<syn::LitStr, _> = syn::parse_str(&literal.to_string());
    parsed.ok().map(|parsed| parsed.value())
}

/// How many tokens an attribute takes that begins there; none where none does.
pub fn attribute(tokens: &[TokenTree], at: usize) -> usize {
    let inner = usize::from(is_sign(tokens.get(at + 1), '!'));
    let brackets = tokens.get(at + 1 + inner);
    match is_sign(tokens.get(at), '#') && is_group(brackets, Delimiter::Bracket) {
        true => 2 + inner,
        false => 0,
    }
}
