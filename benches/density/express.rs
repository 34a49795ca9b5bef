//! Express as files of an upload: a bench has no registry, and a host takes no `node_modules`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Where the packages lie in an upload. Of a folder with this name a host takes, as of `node_modules`, only what is
/// loaded by names that it knows: nothing of it is served to `fs`, which would make images larger than they are.
pub const FOLDER: &str = "test";

/// Of a package, what its code does not load.
const SKIPPED: [&str; 5] = ["node_modules", "coverage", "test", "tests", "__tests__"];

const REQUIRE: &str = "require(";

/// Names in an upload, and what is in the files.
pub type Files = Vec<(String, Vec<u8>)>;

/// Express with all that it needs, side by side, from the packages that are installed there.
pub fn files(packages: &Path) -> Result<Files> {
    let names = needed(packages)?;
    let mut files = Files::new();
    for name in &names {
        collect(packages, name, &names, &mut files)?;
    }
    files.sort();
    Ok(files)
}

/// The names of these packages.
fn needed(packages: &Path) -> Result<BTreeSet<String>> {
    let (mut names, mut wanted) = (BTreeSet::new(), vec!["express".to_owned()]);
    while let Some(name) = wanted.pop() {
        if names.contains(&name) {
            continue;
        }
        let folder = packages.join(&name);
        let file = folder.join("package.json");
        let text = std::fs::read_to_string(&file).with_context(|| {
            format!(
                "`{}` cannot be read: run `cargo xtask setup`, which installs the packages of the bots",
                file.display()
            )
        })?;
        ensure!(
            !folder.join("node_modules").exists(),
            "`{name}` has packages of its own, and this bench lays all side by side"
        );
        let package: Value = serde_json::from_str(&text)?;
        let needs = package["dependencies"].as_object();
        wanted.extend(needs.into_iter().flat_map(|needs| needs.keys().cloned()));
        names.insert(name);
    }
    Ok(names)
}

/// The code and data below a folder, whose name begins with that of its package.
fn collect(
    packages: &Path,
    folder: &str,
    names: &BTreeSet<String>,
    files: &mut Files,
) -> Result<()> {
    for entry in std::fs::read_dir(packages.join(folder))? {
        let entry = entry?;
        let own = entry.file_name().to_string_lossy().into_owned();
        if own.starts_with('.') || own.starts_with("tsconfig") {
            continue;
        }
        let name = format!("{folder}/{own}");
        if entry.file_type()?.is_dir() {
            if !SKIPPED.contains(&own.as_str()) {
                collect(packages, &name, names, files)?;
            }
            continue;
        }
        let content = match Path::new(&own).extension().and_then(|end| end.to_str()) {
            Some("js" | "cjs") => {
                let above = "../".repeat(folder.split('/').count());
                let code = std::fs::read_to_string(entry.path())?;
                side_by_side(&code, &above, names).into_bytes()
            }
            Some("json") => std::fs::read(entry.path())?,
            _ => continue,
        };
        files.push((format!("{FOLDER}/{name}"), content));
    }
    Ok(())
}

/// Code that finds packages by where they lie, `above` it, and not by their names.
fn side_by_side(code: &str, above: &str, names: &BTreeSet<String>) -> String {
    let mut made = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(REQUIRE) {
        let (before, after) = rest.split_at(at + REQUIRE.len());
        made.push_str(before);
        rest = after;
        let Some(quote @ ('\'' | '"')) = after.chars().next() else {
            continue;
        };
        let named = &after[1..];
        let name = named.split(quote).next().unwrap_or_default();
        if names.contains(package_of(name)) {
            made.push(quote);
            made.push_str(above);
            rest = named;
        }
    }
    made.push_str(rest);
    made
}

/// The package of `qs/lib/parse` or `@a/b/c`.
fn package_of(name: &str) -> &str {
    let parts = if name.starts_with('@') { 2 } else { 1 };
    let end = name.match_indices('/').nth(parts - 1);
    end.map_or(name, |(at, _)| &name[..at])
}
