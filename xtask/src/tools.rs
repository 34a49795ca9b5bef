//! Installs the pinned tools: the C compiler, PostgreSQL, and the npm packages
//! of the SDK and the guests.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where everything is.
pub(crate) struct Tools {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// `.tools` of the checkout.
    pub(crate) home: PathBuf,
    /// The Python interpreter that runs the compiler.
    pub(crate) python: String,
}

impl Tools {
    /// Where they belong. Nothing is installed yet.
    pub(crate) fn of_this_checkout() -> Result<Self> {
        let root = checkout()?;
        let tools = Self {
            home: root.join(".tools"),
            python: find_python()?,
            root,
        };
        std::fs::create_dir_all(&tools.home)
            .with_context(|| format!("cannot make the folder `{}`", tools.home.display()))?;
        Ok(tools)
    }

    /// Where pip puts what `requirements.txt` names.
    pub(crate) fn python_packages(&self) -> PathBuf {
        self.home.join("python")
    }
}

/// Installs what is missing or has changed.
pub(crate) fn install() -> Result<Tools> {
    let tools = Tools::of_this_checkout()?;
    install_python_packages(&tools)?;
    for folder in ["sdk", "guests", CLIENTS] {
        install_node_packages(&tools, folder)?;
    }
    install_clients(&tools)?;
    Ok(tools)
}

/// The clients of the Cloud API that the tests of the emulator run: those for Node, and `requirements.txt`.
const CLIENTS: &str = "emulator/tests/clients";

fn install_clients(tools: &Tools) -> Result<()> {
    let requirements = tools.root.join(CLIENTS).join("requirements.txt");
    let target = tools.home.join("emulator-clients");
    let stamp = Stamp::of(&tools.home.join("emulator-clients.stamp"), &[&requirements])?;
    if stamp.holds() && target.is_dir() {
        return Ok(());
    }
    println!("installing clients of the Cloud API for Python (once)");
    pip_install(tools, &requirements, &target)?;
    stamp.write()
}

/// Cargo as somebody would type it. What `cargo xtask` itself leaves in the environment would have build scripts
/// that look at it run again, and all that hangs on them.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// The folder that all of this is in.
pub(crate) fn checkout() -> Result<PathBuf> {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Ok(parent.canonicalize()?)
}

fn find_python() -> Result<String> {
    for name in ["python3", "python"] {
        let found = Command::new(name).args(["-m", "pip", "--version"]).output();
        if found.is_ok_and(|output| output.status.success()) {
            return Ok(name.to_owned());
        }
    }
    bail!(
        "Python 3 with pip is needed: it brings the C compiler and PostgreSQL. \
         Install it (on Debian: `apt-get install python3 python3-pip`) and start again"
    )
}

fn install_python_packages(tools: &Tools) -> Result<()> {
    let requirements = tools.root.join("xtask/requirements.txt");
    let target = tools.python_packages();
    let stamp = Stamp::of(&tools.home.join("python.stamp"), &[&requirements])?;
    if stamp.holds() && target.is_dir() {
        return Ok(());
    }
    println!("installing the C compiler and PostgreSQL (once, about 115 MB)");
    pip_install(tools, &requirements, &target)?;
    stamp.write()
}

/// Puts what a file pins, and nothing else, into a folder of its own.
pub(crate) fn pip_install(tools: &Tools, requirements: &Path, target: &Path) -> Result<()> {
    if target.exists() {
        std::fs::remove_dir_all(target)?;
    }
    run(Command::new(&tools.python)
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore"])
        .args(["--require-hashes", "--no-deps", "--only-binary=:all:"])
        .arg("--target")
        .arg(target)
        .arg("-r")
        .arg(requirements))
}

/// What the lock file of a folder pins.
pub(crate) fn install_node_packages(tools: &Tools, folder: &str) -> Result<()> {
    let folder_path = tools.root.join(folder);
    let lock = folder_path.join("package-lock.json");
    let name = folder.replace('/', "-");
    let stamp = Stamp::of(&tools.home.join(format!("{name}.stamp")), &[&lock])?;
    if stamp.holds() && folder_path.join("node_modules").is_dir() {
        return Ok(());
    }
    println!("installing the npm packages of {folder}/ (once)");
    let installed = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&folder_path)
        .status();
    match installed {
        Ok(status) if status.success() => stamp.write(),
        Ok(status) => bail!(
            "`npm ci` in `{}` ended with {status}",
            folder_path.display()
        ),
        Err(error) => bail!(
            "npm cannot be started ({error}): Node.js 20 or newer with npm is needed. \
             Install it and start again"
        ),
    }
}

/// Whether a set of inputs is what it was when something was last made of it.
pub(crate) struct Stamp {
    file: PathBuf,
    digest: String,
}

impl Stamp {
    /// The stamp kept in `file` for the present content of `inputs`.
    pub(crate) fn of(file: &Path, inputs: &[impl AsRef<Path>]) -> Result<Self> {
        use sha2::Digest;
        let mut hasher = sha2::Sha256::new();
        for input in inputs {
            let input = input.as_ref();
            let content = std::fs::read(input)
                .with_context(|| format!("cannot read `{}`", input.display()))?;
            hasher.update((content.len() as u64).to_le_bytes());
            hasher.update(&content);
        }
        Ok(Self {
            file: file.to_owned(),
            digest: hex::encode(hasher.finalize()),
        })
    }

    /// Whether the inputs are unchanged since [`Stamp::write`].
    pub(crate) fn holds(&self) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|old| old == self.digest)
    }

    /// Remembers the inputs.
    pub(crate) fn write(&self) -> Result<()> {
        std::fs::write(&self.file, &self.digest)
            .with_context(|| format!("cannot write `{}`", self.file.display()))
    }
}

/// Runs a command to its end; its failure is an error that shows the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    if status.success() {
        Ok(())
    } else {
        bail!("{command:?} ended with {status}")
    }
}
