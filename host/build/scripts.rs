//! Reads which file a start script runs, and what it loads before that.
//!
//! Not a shell: it knows the words that start scripts are made of and gives up on the rest.

use std::collections::BTreeMap;

/// What a script starts.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Started {
    /// As written: `bin/www`, `.`, `dist/index.js`.
    pub(super) file: String,
    /// Files that Node would load first (`-r ./tracing.js`), which are not the bot itself.
    pub(super) preloads: Vec<String>,
    /// The command that does it: `node bin/www`.
    pub(super) command: String,
}

/// A script that runs a script that runs a script; a deeper chain is a circle.
const MAX_HOPS: usize = 8;

/// Finds what `npm run NAME` starts: the last command in it that runs a file.
pub(super) fn started_by(name: &str, scripts: &BTreeMap<String, String>) -> Option<Started> {
    follow(name, scripts, MAX_HOPS)
}

fn follow(name: &str, scripts: &BTreeMap<String, String>, hops: usize) -> Option<Started> {
    let script = scripts.get(name)?;
    let commands = commands(script);
    commands.iter().rev().find_map(|words| {
        let words = without_wrappers(words);
        match script_name(words) {
            Some(next) if hops > 0 => follow(next, scripts, hops - 1),
            Some(_) => None,
            None => run(words),
        }
    })
}

/// Splits at `&&`, `||`, `|`, `&`, `;` and at blanks, minding quotes.
fn commands(script: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in script.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\n' | '&' | '|' | ';') => {
                commands
                    .last_mut()
                    .into_iter()
                    .for_each(|last| last.extend(word.take()));
                if matches!(letter, '&' | '|' | ';') {
                    commands.push(Vec::new());
                }
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    commands
        .last_mut()
        .into_iter()
        .for_each(|last| last.extend(word.take()));
    commands.retain(|words| !words.is_empty());
    commands
}

/// Drops what stands before the program: variables, `cross-env`, `npx`, `dotenv -e x --`.
fn without_wrappers(mut words: &[String]) -> &[String] {
    loop {
        let Some(first) = words.first().map(|word| program(word)) else {
            return words;
        };
        let drop = match first {
            "cross-env" | "cross-env-shell" | "env" | "npx" | "exec" | "time" | "nohup" => 1,
            "dotenv" | "dotenvx" | "env-cmd" => match words.iter().position(|word| word == "--") {
                Some(end) => end + 1,
                None => return words,
            },
            "pnpm" | "yarn" | "npm" if words.get(1).is_some_and(|word| word == "exec") => 2,
            _ if is_variable(first) => 1,
            _ => return words,
        };
        words = &words[drop..];
    }
}

fn is_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// `npm run x`, `npm start`, `yarn x`, `pnpm run x`: the script that they run.
fn script_name(words: &[String]) -> Option<&str> {
    let runner = program(words.first()?);
    if !matches!(runner, "npm" | "yarn" | "pnpm") {
        return None;
    }
    let mut rest = words[1..]
        .iter()
        .filter(|word| !word.starts_with('-'))
        .map(String::as_str);
    match rest.next()? {
        "run" | "run-script" => rest.next(),
        name => Some(name),
    }
}

/// `./node_modules/.bin/nodemon` is `nodemon`.
fn program(word: &str) -> &str {
    word.rsplit_once("node_modules/.bin/")
        .map_or(word, |(_, name)| name)
}

/// Options that take the next word as their value, over all runners.
const WITH_VALUE: [&str; 26] = [
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "--env-file",
    "-C",
    "--conditions",
    "--title",
    "--max-old-space-size",
    "-w",
    "--watch",
    "--watch-path",
    "-e",
    "--ext",
    "-i",
    "--ignore",
    "-d",
    "--delay",
    "--signal",
    "-P",
    "--project",
    "--tsconfig",
    "-n",
    "--name",
    "-c",
];

const RUNNERS: [&str; 16] = [
    "node",
    "nodejs",
    "nodemon",
    "node-dev",
    "ts-node",
    "ts-node-dev",
    "tsnd",
    "tsx",
    "bun",
    "babel-node",
    "swc-node",
    "esr",
    "pm2",
    "pm2-runtime",
    "forever",
    "esno",
];

/// Words that a runner takes before the file: `tsx watch x`, `pm2 start x`, `bun run x`.
const SUBCOMMANDS: [&str; 3] = ["watch", "start", "run"];

fn run(words: &[String]) -> Option<Started> {
    let runner = program(words.first()?);
    if !RUNNERS.contains(&runner) {
        return None;
    }
    let mut preloads = Vec::new();
    let mut rest = words[1..].iter().peekable();
    while let Some(word) = rest.next() {
        let (option, inline) = match word.split_once('=') {
            Some((option, value)) if word.starts_with("--") => (option, Some(value)),
            _ => (word.as_str(), None),
        };
        if matches!(option, "-x" | "--exec") {
            // `nodemon --exec ts-node src/index.ts`, or all of it in quotes.
            let inner = inline.or_else(|| rest.peek().map(|word| word.as_str()))?;
            if let Some(started) = commands(inner).iter().find_map(|words| run(words)) {
                return Some(started);
            }
            rest.next_if(|_| inline.is_none());
        } else if option.starts_with('-') {
            // Node's `--watch` is a switch, nodemon's names a folder.
            let takes_value =
                WITH_VALUE.contains(&option) && !(option == "--watch" && runner == "node");
            let value = match inline {
                None if takes_value => rest.next().map(String::as_str),
                other => other,
            };
            if matches!(option, "-r" | "--require" | "--import") {
                preloads.extend(value.map(str::to_owned));
            }
        } else if !SUBCOMMANDS.contains(&option) {
            return Some(Started {
                file: word.clone(),
                preloads,
                command: words.join(" "),
            });
        }
    }
    // `nodemon` alone runs what `main` names.
    (runner == "nodemon").then(|| Started {
        file: ".".to_owned(),
        preloads,
        command: words.join(" "),
    })
}
