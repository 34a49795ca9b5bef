//! What a component asks for and offers, beside what bots have: the world `roost:bot/bot`, and of
//! WASI what other toolchains' libraries import.
//!
//! By names only: whether the types fit is told when the component is loaded.

use std::fmt;

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentType, ComponentTypeRef,
    InstanceTypeDeclaration, Parser, Payload,
};

use crate::sandbox::check_bounds;

/// Interfaces that bots have, by package and series of versions. `wit/` has all of `roost:bot`.
const GIVEN: [(&str, &str, &[&str]); 10] = [
    ("roost:bot", "0.1", &[]),
    ("roost:engine", "0.1", &[]),
    ("wasi:http", "0.3", &["types", "client"]),
    ("wasi:http", "0.2", &["types", "outgoing-handler"]),
    (
        "wasi:clocks",
        "0.3",
        &["types", "monotonic-clock", "system-clock"],
    ),
    ("wasi:clocks", "0.2", &["monotonic-clock", "wall-clock"]),
    (
        "wasi:random",
        "0.3",
        &["random", "insecure", "insecure-seed"],
    ),
    (
        "wasi:random",
        "0.2",
        &["random", "insecure", "insecure-seed"],
    ),
    ("wasi:io", "0.2", &["error", "poll", "streams"]),
    ("wasi:cli", "", &[]),
];

/// Interfaces that are there because libraries import them, and that give nothing.
const EMPTY: [(&str, &str); 2] = [
    (
        "wasi:filesystem",
        "there are no files: keep data in `roost:bot/database`",
    ),
    (
        "wasi:sockets",
        "there are no sockets, and calls are refused: call out by `wasi:http`",
    ),
];

/// The series of WASI that run.
const WASI: [&str; 2] = ["0.2", "0.3"];

/// The exports by which a bot gets its events; the first that is there is called.
const HANDLERS: [(&str, &str); 2] = [
    ("wasi:http/handler", "0.3"),
    ("wasi:http/incoming-handler", "0.2"),
];

/// What a component asks for and offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interfaces {
    /// Its imports, as it names them.
    pub imports: Vec<Import>,
    /// The export by which it gets its events.
    pub handler: Option<String>,
    /// Whether it is a command, which runs once and ends.
    is_command: bool,
    /// Whether it has the types of requests without a function that reads one.
    is_deaf: bool,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// As the component names it: `wasi:http/types@0.3.0`.
    pub name: String,
    /// What bots have of it.
    pub standing: Standing,
}

/// What bots have of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It works.
    Given,
    /// It links and gives nothing; the text says what to use in its place.
    Empty(&'static str),
    /// No bot can have it; the text says what to do.
    Unknown(&'static str),
}

/// Why a component is no bot.
#[derive(Debug, PartialEq, Eq)]
pub struct ForeignImports {
    /// Imports that no bot can have, as the component names them, and what to do about each.
    pub imports: Vec<(String, &'static str)>,
    /// Why it lacks the export that takes requests.
    pub lacks_handler: Option<&'static str>,
    /// Whether the functions by which it would read a request have been taken out of it.
    pub is_deaf: bool,
}

impl std::error::Error for ForeignImports {}

impl fmt::Display for ForeignImports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.imports.as_slice() {
            [] if self.is_deaf => f.write_str(
                "the component cannot read a request: it imports no function of `wasi:http/types`",
            )?,
            [] => f.write_str(
                "the component exports no `wasi:http/handler@0.3.0` (or `wasi:http/incoming-handler@0.2`), by which a bot gets its events",
            )?,
            [(import, _)] => write!(f, "the component imports `{import}`, which no bot can have")?,
            imports => {
                f.write_str("the component imports what no bot can have:")?;
                for (import, _) in imports {
                    write!(f, "\n  - {import}")?;
                }
            }
        }
        let mut advice: Vec<&str> = Vec::new();
        let of_imports = self.imports.iter().map(|(_, advice)| *advice);
        let of_deaf = self.is_deaf.then_some(
            "its tool has put stubs in their place, as componentize-py does with --stub-wasi: build it without that",
        );
        for line in of_imports.chain(self.lacks_handler).chain(of_deaf) {
            if !advice.contains(&line) {
                advice.push(line);
            }
        }
        for line in advice {
            write!(f, "\n  = {line}")?;
        }
        Ok(())
    }
}

impl Interfaces {
    /// Reads a component. `None`: it cannot be read or comes to too much, and loading it says why.
    pub fn of(component: &[u8]) -> Option<Self> {
        check_bounds(component).ok()?;
        let mut imports = Vec::new();
        let mut exports = Vec::new();
        let mut types = Types::default();
        let mut is_deaf = false;
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload.ok()? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentTypeSection(section) if depth == 0 => {
                    for ty in section {
                        types.add(has_functions(&ty.ok()?));
                    }
                }
                Payload::ComponentAliasSection(section) if depth == 0 => {
                    for alias in section {
                        types.note_alias(&alias.ok()?);
                    }
                }
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        let import = import.ok()?;
                        let name = import.name.name.to_owned();
                        match import.ty {
                            ComponentTypeRef::Type(_) => types.add(true),
                            ComponentTypeRef::Instance(ty)
                                if name.starts_with("wasi:http/types@") =>
                            {
                                is_deaf |= !types.has_functions(ty);
                            }
                            _ => {}
                        }
                        let standing = standing(&name);
                        imports.push(Import { name, standing });
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        let export = export.ok()?;
                        if export.kind == ComponentExternalKind::Type {
                            types.add(true);
                        }
                        if export.kind == ComponentExternalKind::Instance {
                            exports.push(export.name.name.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
        let handler = HANDLERS.iter().find_map(|(interface, series)| {
            let is_it = |name: &&String| {
                name.split_once('@').is_some_and(|(what, version)| {
                    what == *interface && is_of_series(version, series)
                })
            };
            exports.iter().find(is_it).cloned()
        });
        Some(Self {
            imports,
            handler,
            is_command: exports.iter().any(|name| name.starts_with("wasi:cli/run@")),
            is_deaf,
        })
    }

    /// Whether a bot can be made of it, or what is in the way.
    pub fn fit(&self) -> Result<(), ForeignImports> {
        let mut imports = Vec::new();
        for import in &self.imports {
            if let Standing::Unknown(advice) = import.standing {
                imports.push((import.name.clone(), advice));
            }
        }
        let lacks_handler = self.handler.is_none().then_some(match self.is_command {
            true => {
                "it is a command (`wasi:cli/run`), which runs once and ends: build it as a service that exports `wasi:http/handler@0.3.0`"
            }
            false => {
                "export `wasi:http/handler@0.3.0`: the world to build for is `roost:bot/bot` in wit/; docs/components.md has examples"
            }
        });
        let is_deaf = self.is_deaf && lacks_handler.is_none();
        match imports.is_empty() && lacks_handler.is_none() && !is_deaf {
            true => Ok(()),
            false => Err(ForeignImports {
                imports,
                lacks_handler,
                is_deaf,
            }),
        }
    }
}

/// A component's types, by index: whether each may have functions.
#[derive(Default)]
struct Types(Vec<bool>);

impl Types {
    fn add(&mut self, has_functions: bool) {
        self.0.push(has_functions);
    }

    fn note_alias(&mut self, alias: &ComponentAlias<'_>) {
        use wasmparser::ComponentOuterAliasKind as Outer;
        let is_type = match alias {
            ComponentAlias::InstanceExport { kind, .. } => *kind == ComponentExternalKind::Type,
            ComponentAlias::Outer { kind, .. } => matches!(kind, Outer::Type),
            ComponentAlias::CoreInstanceExport { .. } => false,
        };
        if is_type {
            self.add(true);
        }
    }

    fn has_functions(&self, index: u32) -> bool {
        self.0.get(index as usize).copied().unwrap_or(true)
    }
}

fn has_functions(ty: &ComponentType<'_>) -> bool {
    match ty {
        ComponentType::Instance(declarations) => declarations.iter().any(|declaration| {
            matches!(
                declaration,
                InstanceTypeDeclaration::Export {
                    ty: ComponentTypeRef::Func(_),
                    ..
                }
            )
        }),
        _ => true,
    }
}

/// Looks at what a component imports and exports. One that cannot be read passes: loading it says why.
pub fn check_imports(component: &[u8]) -> Result<(), ForeignImports> {
    match Interfaces::of(component) {
        Some(interfaces) => interfaces.fit(),
        None => Ok(()),
    }
}

fn standing(import: &str) -> Standing {
    let Some((package, interface, version)) = parts(import) else {
        return Standing::Unknown(advice(import));
    };
    let is_wasi = WASI.iter().any(|series| is_of_series(version, series));
    for (empty, instead) in EMPTY {
        if package == empty && is_wasi {
            return Standing::Empty(instead);
        }
    }
    let given = GIVEN.iter().any(|(ours, series, interfaces)| {
        let fits = match *series {
            "" => is_wasi,
            series => is_of_series(version, series),
        };
        package == *ours && fits && (interfaces.is_empty() || interfaces.contains(&interface))
    });
    match given {
        true => Standing::Given,
        false => Standing::Unknown(advice(import)),
    }
}

/// `wasi:http/types@0.3.0` as package, interface and version.
fn parts(import: &str) -> Option<(&str, &str, &str)> {
    let (package, rest) = import.split_once('/')?;
    let (interface, version) = rest.split_once('@')?;
    Some((package, interface, version))
}

/// `0.3.1` is of the series `0.3`; drafts such as `0.3.0-rc-2025` are of none.
fn is_of_series(version: &str, series: &str) -> bool {
    let patch = version.strip_prefix(series);
    let patch = patch.and_then(|rest| rest.strip_prefix('.'));
    patch.is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|b| b.is_ascii_digit()))
}

fn is_draft(import: &str) -> bool {
    parts(import).is_some_and(|(_, _, version)| version.contains('-'))
}

/// What to do about an import that no bot can have.
fn advice(import: &str) -> &'static str {
    let package = import.split(['/', '@']).next().unwrap_or_default();
    match package {
        "roost:bot" => "this host serves `roost:bot@0.1`: build it with the wit/ of this Roost",
        "wasi:keyvalue" | "wasi:blobstore" => "keep data in `roost:bot/database`",
        "wasi:config" => "settings come by `roost:bot/secrets`, and as the environment",
        "wasi:logging" => "write to `roost:bot/log`, or to standard output",
        "wasi:http" if import.contains("/handler@") => {
            "a bot is the last to handle a request: call out by `wasi:http/client`"
        }
        _ if package.starts_with("wasi:") && is_draft(import) => {
            "it was built for a draft or an unstable part of WASI: build it for 0.2 or 0.3"
        }
        _ if package.starts_with("wasi:") => {
            "bots have no more of WASI than docs/components.md lists: build it without that"
        }
        _ => "build it for the world `roost:bot/bot` in wit/, and link everything else into it",
    }
}

#[cfg(test)]
mod tests {
    use super::{Standing, standing};

    #[test]
    fn an_import_is_given_empty_or_unknown_by_its_name() {
        for given in [
            "roost:bot/log@0.1.0",
            "wasi:http/types@0.3.0",
            "wasi:http/outgoing-handler@0.2.10",
            "wasi:cli/environment@0.2.0",
            "wasi:cli/stdout@0.3.0",
            "wasi:io/streams@0.2.12",
        ] {
            assert_eq!(standing(given), Standing::Given, "{given}");
        }
        for empty in [
            "wasi:filesystem/preopens@0.2.6",
            "wasi:sockets/tcp@0.2.6",
            "wasi:sockets/types@0.3.0",
        ] {
            assert!(matches!(standing(empty), Standing::Empty(_)), "{empty}");
        }
        for unknown in [
            "roost:bot/log@0.2.0",
            "wasi:http/handler@0.3.0",
            "wasi:http/types@0.3.0-rc-2025-09-16",
            "wasi:http/types@0.30.0",
            "wasi:keyvalue/store@0.2.0",
            "acme:billing/ledger",
            "log",
        ] {
            let found = standing(unknown);
            assert!(matches!(found, Standing::Unknown(_)), "{unknown}");
        }
    }
}
