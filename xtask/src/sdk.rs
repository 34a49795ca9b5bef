//! Puts the SDK's files where the host finds them: `.tools/sdk`.

use crate::tools::{Stamp, Tools, run};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the runtime, and collects it with the engine and the bundler.
pub(crate) fn build(tools: &Tools) -> Result<()> {
    let folder = tools.home.join("sdk");
    std::fs::create_dir_all(&folder)?;
    let sdk = tools.root.join("sdk");
    locales(&sdk, &folder)?;
    let mut sources = vec![sdk.join("package-lock.json"), sdk.join("runtime/build.js")];
    collect(&sdk.join("runtime/src"), &mut sources)?;
    collect(&sdk.join("roost"), &mut sources)?;
    sources.sort();
    let stamp = Stamp::of(&folder.join("stamp"), &sources)?;
    if !stamp.holds() {
        run(Command::new("npm")
            .args(["run", "--silent", "build"])
            .current_dir(&sdk))?;
        let dist = sdk.join("runtime/dist");
        for name in ["runtime.js", "builtins.json"] {
            replace(&dist.join(name), &folder.join(name))?;
        }
        replace(&esbuild(&sdk)?, &folder.join("esbuild"))?;
        stamp.write()?;
    }
    replace(
        &tools.home.join("engine/engine.wasm"),
        &folder.join("engine.wasm"),
    )
}

/// Packs CLDR's data: seconds of work, and seldom needed.
fn locales(sdk: &Path, folder: &Path) -> Result<()> {
    let scripts = sdk.join("cldr");
    let mut sources = vec![sdk.join("package-lock.json")];
    for entry in std::fs::read_dir(&scripts)
        .with_context(|| format!("cannot read the folder `{}`", scripts.display()))?
    {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            sources.push(entry.path());
        }
    }
    sources.sort();
    let stamp = Stamp::of(&folder.join("locales.stamp"), &sources)?;
    let packed = folder.join("locales.bin");
    if stamp.holds() && packed.is_file() {
        return Ok(());
    }
    run(Command::new("npm")
        .args(["run", "--silent", "locales"])
        .current_dir(sdk))?;
    replace(&scripts.join("dist/locales.bin"), &packed)?;
    stamp.write()
}

/// The bundler's native binary, which npm installs as a package of its own.
fn esbuild(sdk: &Path) -> Result<PathBuf> {
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "aarch64") => "darwin-arm64",
        ("macos", "x86_64") => "darwin-x64",
        (os, arch) => bail!("there is no bundler for {os} on {arch}"),
    };
    let file = sdk
        .join("node_modules/@esbuild")
        .join(platform)
        .join("bin/esbuild");
    if !file.is_file() {
        bail!(
            "`{}` is missing: delete sdk/node_modules and start again",
            file.display()
        );
    }
    Ok(file)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder `{}`", folder.display()))?
    {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Copies a file over another at once, also when the other is being run.
fn replace(from: &Path, to: &Path) -> Result<()> {
    let partial = to.with_extension("partial");
    std::fs::copy(from, &partial).with_context(|| format!("cannot copy `{}`", from.display()))?;
    std::fs::rename(&partial, to).with_context(|| format!("cannot write `{}`", to.display()))
}
