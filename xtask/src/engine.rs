//! Builds the engine: QuickJS-ng and our glue, to one WebAssembly component.

use crate::bindings;
use crate::tools::{Stamp, Tools, cargo, run};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use wit_bindgen_core::Files;
use wit_parser::Resolve;

/// Flags of every C file. QuickJS asks WASI's libc for signals and process
/// clocks, which it only emulates.
const C_FLAGS: &[&str] = &[
    "-target",
    "wasm32-wasi",
    "-std=gnu11",
    "-O2",
    "-D_GNU_SOURCE",
    "-DNDEBUG",
    "-D_WASI_EMULATED_PROCESS_CLOCKS",
    "-D_WASI_EMULATED_SIGNAL",
    "-msimd128",
    "-mbulk-memory",
    "-mexec-model=reactor",
];

/// The C stack inside the linear memory, in bytes; `sdk/engine/src/main.c`
/// lets JavaScript use half of it.
const STACK_BYTES: usize = 2 << 20;

const QUICKJS_SOURCES: &[&str] = &["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c"];

/// Makes `.tools/engine/engine.wasm`, unless nothing it is made of has changed.
pub(crate) fn build(tools: &Tools) -> Result<()> {
    let out = tools.home.join("engine");
    std::fs::create_dir_all(&out)?;
    let sources = sources(tools)?;
    let stamp = Stamp::of(&out.join("stamp"), &sources)?;
    let component = out.join("engine.wasm");
    if stamp.holds() && component.is_file() {
        return Ok(());
    }
    println!("building the engine (about 30 s)");
    let quickjs = quickjs(tools)?;
    generate(tools, &out)?;
    let objects = compile_quickjs(tools, &quickjs, &out)?;
    let module = link(tools, &out, &objects)?;
    let module = std::fs::read(module)?;
    let encoded = wit_component::ComponentEncoder::default()
        .module(&module)
        .context("the engine's module does not fit its world")?
        .validate(true)
        .encode()
        .context("cannot make a component of the engine")?;
    std::fs::write(&component, &encoded)?;
    println!("the engine is {} KiB", encoded.len() / 1024);
    stamp.write()
}

/// Everything of ours that the engine is made of.
fn sources(tools: &Tools) -> Result<Vec<PathBuf>> {
    let mut files = vec![
        tools.root.join("Cargo.lock"),
        tools.root.join("xtask/requirements.txt"),
        tools.root.join("xtask/src/engine.rs"),
        tools.root.join("xtask/src/bindings.rs"),
    ];
    for folder in [
        "wit",
        "sdk/engine/wit",
        "sdk/engine/src",
        "sdk/engine/patches",
    ] {
        let folder = tools.root.join(folder);
        for entry in std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read the folder `{}`", folder.display()))?
        {
            let path = entry?.path();
            if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The folder of QuickJS-ng's source, which Cargo.lock pins and checks as a
/// dependency that is never compiled.
fn quickjs(tools: &Tools) -> Result<PathBuf> {
    let folder = crate_folder(tools, "libquickjs-ng-sys")?
        .join("embed")
        .join("quickjs");
    if !folder.join("quickjs.c").is_file() {
        bail!("`{}` holds no quickjs.c", folder.display());
    }
    Ok(folder)
}

/// Where cargo keeps the source of a dependency.
pub(crate) fn crate_folder(tools: &Tools, name: &str) -> Result<PathBuf> {
    run(cargo()
        .args(["fetch", "--quiet", "--locked"])
        .current_dir(&tools.root))?;
    let output = cargo()
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .current_dir(&tools.root)
        .output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)
        .context("`cargo metadata` printed something else than JSON")?;
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == name)
        .and_then(|package| package["manifest_path"].as_str())
        .with_context(|| format!("Cargo.toml must name {name}: its sources are used"))?;
    let folder = Path::new(manifest).parent();
    Ok(folder.context("a manifest lies in a folder")?.to_owned())
}

fn generate(tools: &Tools, out: &Path) -> Result<()> {
    let mut resolve = Resolve::default();
    resolve
        .push_dir(tools.root.join("wit"))
        .context("wit/ does not parse")?;
    let (package, _) = resolve
        .push_dir(tools.root.join("sdk/engine/wit"))
        .context("sdk/engine/wit/ does not parse")?;
    let world = resolve.select_world(&[package], Some("engine"))?;
    std::fs::write(
        out.join("functions.h"),
        bindings::generate(&resolve, world)?,
    )?;
    let mut files = Files::default();
    wit_bindgen_c::Opts::default()
        .build()
        .generate(&mut resolve, world, &mut files)?;
    for (name, content) in files.iter() {
        std::fs::write(out.join(name), content)?;
    }
    Ok(())
}

/// Compiles QuickJS with our patches, once for each version of them.
fn compile_quickjs(tools: &Tools, quickjs: &Path, out: &Path) -> Result<Vec<PathBuf>> {
    let patches = tools.root.join("sdk/engine/patches");
    let glue = tools.root.join("sdk/engine/src");
    let mut inputs = vec![
        tools.root.join("xtask/src/engine.rs"),
        quickjs.join("quickjs.c"),
        glue.join("heap.h"),
    ];
    for entry in std::fs::read_dir(&patches)? {
        inputs.push(entry?.path());
    }
    inputs.sort();
    let stamp = Stamp::of(&out.join("quickjs.stamp"), &inputs)?;
    let source = out.join("quickjs");
    let objects: Vec<PathBuf> = QUICKJS_SOURCES
        .iter()
        .map(|name| out.join(name).with_extension("o"))
        .collect();
    if stamp.holds() && objects.iter().all(|object| object.is_file()) {
        return Ok(objects);
    }
    copy_folder(quickjs, &source)?;
    for patch in inputs
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "patch"))
    {
        apply(patch, &source).with_context(|| format!("`{}` does not apply", patch.display()))?;
    }
    for (name, object) in QUICKJS_SOURCES.iter().zip(&objects) {
        run(compiler(tools)
            .arg("-w")
            .arg("-I")
            .arg(&glue)
            .arg("-c")
            .arg(source.join(name))
            .arg("-o")
            .arg(object))?;
    }
    stamp.write()?;
    Ok(objects)
}

/// Applies a patch, which names files as `a/quickjs.c` and `b/quickjs.c`.
fn apply(patch: &Path, source: &Path) -> Result<()> {
    let text = std::fs::read_to_string(patch)?;
    let starts: Vec<usize> = text.match_indices("--- a/").map(|(at, _)| at).collect();
    for (n, start) in starts.iter().enumerate() {
        let end = starts.get(n + 1).copied().unwrap_or(text.len());
        let parsed = diffy::Patch::from_str(&text[*start..end])?;
        let name = parsed.original().and_then(|name| name.strip_prefix("a/"));
        let file = source.join(name.context("the patch names no file")?);
        let patched = diffy::apply(&std::fs::read_to_string(&file)?, &parsed)?;
        std::fs::write(&file, patched)?;
    }
    Ok(())
}

fn link(tools: &Tools, out: &Path, objects: &[PathBuf]) -> Result<PathBuf> {
    let module = out.join("engine.core.wasm");
    let mut glue = Vec::new();
    for entry in std::fs::read_dir(tools.root.join("sdk/engine/src"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            glue.push(path);
        }
    }
    glue.sort();
    // The interface's generated C has warnings of its own; ours must have none.
    let generated = out.join("engine.o");
    run(compiler(tools)
        .arg("-w")
        .arg("-c")
        .arg(out.join("engine.c"))
        .arg("-o")
        .arg(&generated))?;
    run(compiler(tools)
        .args(["-Wall", "-Wextra", "-Werror"])
        .arg("-isystem")
        .arg(out.join("quickjs"))
        .arg("-I")
        .arg(out)
        .args(&glue)
        .arg(&generated)
        .arg(out.join("engine_component_type.o"))
        .args(objects)
        .args(["-lwasi-emulated-process-clocks", "-lwasi-emulated-signal"])
        .arg(format!("-Wl,--strip-debug,-z,stack-size={STACK_BYTES}"))
        .arg("-o")
        .arg(&module))?;
    Ok(module)
}

pub(crate) fn compiler(tools: &Tools) -> Command {
    let mut command = Command::new(&tools.python);
    command
        .args(["-m", "ziglang", "cc"])
        .args(C_FLAGS)
        .env("PYTHONPATH", tools.python_packages())
        .env("ZIG_GLOBAL_CACHE_DIR", tools.home.join("zig-cache"))
        .env("ZIG_LOCAL_CACHE_DIR", tools.home.join("zig-cache"));
    command
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
