//! Whether a component asks only for what a bot can have: the world `roost:bot/bot`.

use std::fmt;

use wasmparser::{ComponentExternalKind, Parser, Payload};

/// The packages whose interfaces are the world's, with the version before the last dot.
const PACKAGES: [(&str, &str); 5] = [
    ("roost:bot", "0.1"),
    ("roost:engine", "0.1"),
    ("wasi:clocks", "0.3"),
    ("wasi:http", "0.3"),
    ("wasi:random", "0.3"),
];

/// What it has to export.
const HANDLER: &str = "wasi:http/handler@0.3";

/// Why a component is no bot.
#[derive(Debug, PartialEq, Eq)]
pub struct ForeignImports {
    /// Imports of another world, as the component names them.
    pub imports: Vec<String>,
    /// Whether it lacks the export that takes requests.
    pub lacks_handler: bool,
}

impl std::error::Error for ForeignImports {}

impl fmt::Display for ForeignImports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.imports.as_slice() {
            [] => {}
            [import] => write!(f, "the component imports `{import}`, which no bot can have")?,
            imports => {
                f.write_str("the component imports what no bot can have:")?;
                for import in imports {
                    write!(f, "\n  - {import}")?;
                }
            }
        }
        let mut advice: Vec<&str> = self.imports.iter().map(|import| advice(import)).collect();
        if self.lacks_handler {
            if self.imports.is_empty() {
                f.write_str("the component exports no `wasi:http/handler@0.3.0`, by which a bot gets its events")?;
            }
            advice.push("export `wasi:http/handler@0.3.0`: the world to build for is `roost:bot/bot` in wit/");
        }
        advice.dedup();
        for line in advice {
            write!(f, "\n  = {line}")?;
        }
        Ok(())
    }
}

/// What to do about an import.
fn advice(import: &str) -> &'static str {
    let package = import.split(['/', '@']).next().unwrap_or_default();
    let is_old_wasi = import.starts_with("wasi:") && import.contains("@0.2");
    match package {
        "wasi:sockets" => "bots have no sockets: call out with `wasi:http/client@0.3.0`",
        "wasi:filesystem" => "bots have no files of the host: keep data in `roost:bot/database`",
        "wasi:cli" if import.contains("/environment") => {
            "bots have no environment: read `roost:bot/secrets`"
        }
        "wasi:cli" => "bots have no standard streams: write to `roost:bot/log`",
        _ if is_old_wasi => {
            "it was built for WASI 0.2: build it for 0.3, world `roost:bot/bot` in wit/"
        }
        _ => "build it for the world `roost:bot/bot` in wit/, and link everything else into it",
    }
}

/// Looks at what a component imports and exports. One that cannot be read passes: loading it says why.
pub fn check_imports(component: &[u8]) -> Result<(), ForeignImports> {
    let mut found = ForeignImports {
        imports: Vec::new(),
        lacks_handler: true,
    };
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        let Ok(payload) = payload else {
            return Ok(());
        };
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section.into_iter().flatten() {
                    let name = import.name.name;
                    if !is_ours(name) {
                        found.imports.push(name.to_owned());
                    }
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section.into_iter().flatten() {
                    let is_handler = export.kind == ComponentExternalKind::Instance
                        && export.name.name.starts_with(HANDLER);
                    found.lacks_handler &= !is_handler;
                }
            }
            _ => {}
        }
    }
    match found.imports.is_empty() && !found.lacks_handler {
        true => Ok(()),
        false => Err(found),
    }
}

fn is_ours(import: &str) -> bool {
    let Some((package, rest)) = import.split_once('/') else {
        return false;
    };
    let Some((_, version)) = rest.split_once('@') else {
        return false;
    };
    PACKAGES.iter().any(|(ours, series)| {
        package == *ours
            && version
                .strip_prefix(series)
                .is_some_and(|rest| rest.starts_with('.'))
    })
}
