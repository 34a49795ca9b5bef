//! `roost new`: a bot to begin with, in a folder of its own.
//!
//! The files are those of `guests/starter` and `guests/starter-ts`, which tests run; they are in
//! this program, so that it works where nothing else of Roost is.

use anyhow::{Context, Result, bail};
use clap::Args;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What `roost new` is told.
#[derive(Args, Debug)]
pub struct NewArgs {
    /// The folder to make; its last part names the bot.
    name: PathBuf,
    /// In TypeScript, which Roost compiles itself.
    #[arg(long, visible_alias = "ts")]
    typescript: bool,
}

/// A path below the bot's folder, and the text of the file.
type File = (&'static str, &'static str);

macro_rules! files {
    ($folder:literal: $($path:literal)*) => {
        &[$(($path, include_str!(concat!("../guests/", $folder, "/", $path)))),*]
    };
}

const JAVASCRIPT: &[File] = files!("starter":
    "package.json" "README.md" "app.js" "routes/whatsapp_webhook.js" "services/dbServices.js"
    "services/messages.js" "services/signature.js" "states/collect_info.js" "states/menu.js"
    "states/support.js");

const TYPESCRIPT: &[File] = files!("starter-ts":
    "package.json" "README.md" "tsconfig.json" "src/app.ts" "src/webhook.ts" "src/messages.ts"
    "src/signature.ts" "src/store.ts" "src/types.ts" "src/states/collect_info.ts" "src/states/menu.ts"
    "src/states/support.ts");

/// What must not go into a repository.
const GITIGNORE: &str = "node_modules/\n.roost/\n.env\n.env.*\n!.env.example\n";

/// Makes the folder, and says what is next.
pub fn new(args: &NewArgs) -> Result<()> {
    let folder = &args.name;
    let shown = folder.display();
    let name = package_name(folder).with_context(|| {
        format!("`{shown}` names no folder: give the bot's name, as in `roost new pizza`")
    })?;
    let is_taken = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => folder.exists(),
    };
    if is_taken {
        bail!("`{shown}` is there already, with something in it: choose another name");
    }
    let files = if args.typescript {
        TYPESCRIPT
    } else {
        JAVASCRIPT
    };
    for (path, text) in files {
        match *path {
            "package.json" => write(folder, path, &manifest(text, &name)?)?,
            // It speaks of the copy that it is.
            "README.md" => write(folder, path, &readme(text, &name))?,
            _ => write(folder, path, text)?,
        }
    }
    write(folder, ".gitignore", GITIGNORE)?;
    let mut said = format!(
        "`{shown}` is made, with {} files. What is next:\n  \
         cd {}\n  \
         npm install\n  \
         roost dev        # a chat with the bot; each save deploys it again\n  \
         roost deploy     # to a host, with ROOST_URL, ROOST_TOKEN and --project\n",
        files.len() + 1,
        quoted(&shown.to_string())
    );
    if std::env::var_os("npm_command").is_some_and(|command| command == "exec") {
        said.push_str(
            "`roost` is `npx roost` in that folder once its package is there: \
             `npm install --save-dev` with the package, or the tarball, that this came from\n",
        );
    }
    // Who reads no further has what was made all the same.
    let _ = std::io::stdout().write_all(said.as_bytes());
    Ok(())
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

fn write(folder: &Path, path: &str, text: &str) -> Result<()> {
    let file = folder.join(path);
    let above = file.parent().unwrap_or(folder);
    std::fs::create_dir_all(above)
        .with_context(|| format!("the folder `{}` cannot be made", above.display()))?;
    std::fs::write(&file, text).with_context(|| format!("`{}` cannot be written", file.display()))
}

/// The folder's name as npm takes one.
fn package_name(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_string_lossy().to_lowercase();
    let plain = |c: char| match c {
        'a'..='z' | '0'..='9' | '-' | '_' => c,
        _ => '-',
    };
    let name: String = name.chars().map(plain).collect();
    let name = name.trim_matches(['-', '_']);
    (!name.is_empty()).then(|| name.to_owned())
}

fn manifest(text: &str, name: &str) -> Result<String> {
    let mut manifest: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)?;
    manifest.insert("name".to_owned(), name.into());
    for of_ours in ["description", "license"] {
        manifest.shift_remove(of_ours);
    }
    Ok(serde_json::to_string_pretty(&manifest)? + "\n")
}

fn readme(text: &str, name: &str) -> String {
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    let body = body.replace(" Copy this folder and change it.", "");
    format!("# {name}\n{body}")
}
