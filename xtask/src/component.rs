//! `cargo xtask component`: makes a component of a bot in C, with the compiler of `.tools`.
//!
//! The folder holds C files and `wit/`, whose one world says what the bot imports and exports.
//! `roost:bot` and WASI's packages, 0.2 and 0.3, are known to it.

use crate::engine::{compiler, crate_folder};
use crate::tools::{Stamp, Tools, run};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_bindgen_core::{AsyncFilterSet, Files};
use wit_parser::Resolve;

/// Bots in C that the tests run.
const TESTED: [&str; 2] = ["guests/components/c", "guests/fixtures/probes_wasi"];

/// `component DIR [OUT]`: the component of one folder.
pub(crate) fn component(tools: &Tools, arguments: &[String]) -> Result<()> {
    let (folder, out) = match arguments {
        [folder] => (folder, "bot.wasm"),
        [folder, out] => (folder, out.as_str()),
        _ => bail!("`cargo xtask component DIR [OUT]`: which folder holds the bot's C files?"),
    };
    let folder = Path::new(folder)
        .canonicalize()
        .with_context(|| format!("there is no folder `{folder}`"))?;
    let bytes = make(tools, &folder)?;
    std::fs::write(out, &bytes).with_context(|| format!("cannot write `{out}`"))?;
    println!("{out}: {} KiB", bytes.len().div_ceil(1024));
    Ok(())
}

/// Makes those of the tests, into `.tools/components`, unless nothing of them has changed.
pub(crate) fn make_tested(tools: &Tools) -> Result<()> {
    let home = tools.home.join("components");
    std::fs::create_dir_all(&home)?;
    for folder in TESTED {
        let folder = tools.root.join(folder);
        let name = folder.file_name().context("a path ends in a name")?;
        let out = home.join(name).with_extension("wasm");
        let mut inputs = vec![
            tools.root.join("Cargo.lock"),
            tools.root.join("xtask/requirements.txt"),
            tools.root.join("xtask/src/component.rs"),
        ];
        for part in [folder.clone(), folder.join("wit"), tools.root.join("wit")] {
            inputs.extend(files(&part, &["c", "wit"])?);
        }
        let stamp = Stamp::of(&out.with_extension("stamp"), &inputs)?;
        if stamp.holds() && out.is_file() {
            continue;
        }
        std::fs::write(&out, make(tools, &folder)?)?;
        stamp.write()?;
    }
    Ok(())
}

fn make(tools: &Tools, folder: &Path) -> Result<Vec<u8>> {
    let name = folder.file_name().context("a bot's folder has a name")?;
    let out = tools.home.join("components").join(name);
    std::fs::create_dir_all(&out)?;
    let world = bindings(tools, folder, &out)?;
    let module = out.join("bot.core.wasm");
    // The generated C has warnings of its own.
    let generated = out.join("bindings.o");
    run(compiler(tools)
        .args(["-w", "-c"])
        .arg(out.join(format!("{world}.c")))
        .arg("-o")
        .arg(&generated))?;
    run(compiler(tools)
        .args(["-Wall", "-Wextra"])
        .arg("-I")
        .arg(&out)
        .args(files(folder, &["c"])?)
        .arg(&generated)
        .arg(out.join(format!("{world}_component_type.o")))
        .arg("-Wl,--strip-debug")
        .arg("-o")
        .arg(&module))?;
    wit_component::ComponentEncoder::default()
        .module(&std::fs::read(&module)?)
        .context("the module does not fit its world")?
        // What libc asks of WASI's first version becomes 0.2's.
        .adapter(
            WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
            WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
        )?
        .validate(true)
        .encode()
        .context("cannot make a component of the module")
}

/// Writes the world's C, and gives the name that its files have.
fn bindings(tools: &Tools, folder: &Path, out: &Path) -> Result<String> {
    let mut resolve = Resolve::default();
    let wasi = crate_folder(tools, "wasmtime-wasi-http")?.join("wit");
    for known in [tools.root.join("wit"), wasi] {
        resolve
            .push_dir(&known)
            .with_context(|| format!("`{}` does not parse", known.display()))?;
    }
    let (package, _) = resolve
        .push_dir(folder.join("wit"))
        .with_context(|| format!("`{}/wit` does not parse", folder.display()))?;
    let world = resolve.select_world(&[package], None)?;
    let mut files = Files::default();
    // Each call waits for its answer: plain C has no other way to wait.
    let options = wit_bindgen_c::Opts {
        async_: AsyncFilterSet::all(false),
        ..Default::default()
    };
    options.build().generate(&mut resolve, world, &mut files)?;
    for (name, content) in files.iter() {
        std::fs::write(out.join(name), content)?;
    }
    Ok(resolve.worlds[world].name.replace('-', "_"))
}

/// The files of a folder with one of these endings, in order.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder `{}`", folder.display()))?
    {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_some_and(|ending| endings.contains(&ending)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
