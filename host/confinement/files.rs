//! Landlock: which files a process can open, make and remove.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreatedAttr, Scope,
};

use super::{Missing, Rules};

/// The oldest kernel: before it nothing could be moved from one folder to another.
const OLDEST: ABI = ABI::V2;
/// The newest whose rights are known here. What the kernel does not have yet is left out.
const NEWEST: ABI = ABI::V10;

/// Where programs find the C library, and what it reads as it starts.
const LIBRARIES: [&str; 9] = [
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib64",
    "/etc/ld.so.cache",
    "/etc/ld-musl-x86_64.path",
    "/etc/ld-musl-aarch64.path",
];

/// What starts a program that is linked to them. Paths of the kernel's choice, so the files they lead to.
const LOADERS: [&str; 4] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// Times and languages, and the settings of OpenSSL, without which Node does not start.
const SETTINGS: [&str; 6] = [
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
    "/usr/lib/ssl/openssl.cnf",
    "/etc/ssl/openssl.cnf",
    "/dev/urandom",
];

/// Where what is not wanted goes.
const NOTHING: &str = "/dev/null";

pub(super) fn restrict(rules: &Rules) -> Result<(), Missing> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(OLDEST))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    if rules.runs.is_empty() && rules.folder.is_none() && rules.reads.is_empty() {
        ruleset.restrict_self()?;
        return Ok(());
    }
    let given = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
    let reads = [&given(&LIBRARIES), &given(&SETTINGS), &rules.reads];
    let runs = [&given(&LOADERS), &rules.runs];
    let mut grants: Vec<(&Path, BitFlags<AccessFs>)> = Vec::new();
    grants.extend(
        reads
            .iter()
            .copied()
            .flatten()
            .map(|path| (path.as_path(), read)),
    );
    let run = AccessFs::ReadFile | AccessFs::Execute;
    grants.extend(
        runs.iter()
            .copied()
            .flatten()
            .map(|path| (path.as_path(), run)),
    );
    grants.push((Path::new(NOTHING), AccessFs::ReadFile | AccessFs::WriteFile));
    if let Some(folder) = &rules.folder {
        let all = AccessFs::from_all(NEWEST);
        // Nothing there is a program, a device or a door to another process.
        let not = AccessFs::Execute
            | AccessFs::MakeChar
            | AccessFs::MakeBlock
            | AccessFs::MakeFifo
            | AccessFs::MakeSock;
        grants.push((folder, all & !not));
    }
    for (path, access) in grants {
        // What is not there needs no right.
        let Ok(opened) = PathFd::new(path) else {
            continue;
        };
        let access = match path.is_dir() {
            true => access,
            false => access & AccessFs::from_file(NEWEST),
        };
        ruleset = ruleset.add_rule(PathBeneath::new(opened, access))?;
    }
    ruleset.restrict_self()?;
    Ok(())
}
