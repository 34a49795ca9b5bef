//! Which file starts a bot, and the settings beside it.

use super::folder;
use crate::build::entry::{Entry, find_entry};
use crate::build::error::BuildError;
use crate::build::package_json::PackageJson;
use crate::words::Lifetime;

fn find(files: &[(&str, &str)]) -> Result<Entry, BuildError> {
    let dir = folder(files);
    find_entry(dir.path(), &PackageJson::read(dir.path())?)
}

/// The entry of a folder whose start script is `script` and which holds `file`.
#[track_caller]
fn starts(script: &str, file: &str) {
    let package = serde_json::json!({ "scripts": {
        "start": script,
        "serve": "node bin/www",
        "prepared": "npm run build && npm run serve",
    } });
    let entry = find(&[("package.json", &package.to_string()), (file, "")]).unwrap();
    assert_eq!(entry.path, file, "{script}");
    assert!(
        entry.chosen_because.starts_with("`npm start` runs"),
        "{}",
        entry.chosen_because
    );
}

#[test]
fn start_scripts_name_the_entry() {
    starts("node app.js", "app.js");
    starts("node ./src/main", "src/main.js");
    starts("node .", "index.js");
    starts("node src", "src/index.mjs");
    starts("nodemon x.js", "x.js");
    starts("nodemon", "index.js");
    starts(
        "nodemon -w src -e ts,json --exec ts-node src/main.ts",
        "src/main.ts",
    );
    starts("nodemon --exec 'tsx src/main.ts'", "src/main.ts");
    starts(
        "NODE_ENV=production node -r dotenv/config ./bin/www",
        "bin/www",
    );
    starts(
        "cross-env NODE_ENV=production PORT=80 node --max-old-space-size=512 s.js",
        "s.js",
    );
    starts("node --env-file=.env --inspect s.js --port 80", "s.js");
    starts("node --env-file .env s.js", "s.js");
    starts("node --watch s.js", "s.js");
    starts(
        "ts-node -P tsconfig.build.json src/index.ts",
        "src/index.ts",
    );
    starts(
        "npx tsx watch --tsconfig t.json src/index.ts",
        "src/index.ts",
    );
    starts("dotenv -e .env.production -- node s.js", "s.js");
    starts("./node_modules/.bin/nodemon s.js", "s.js");
    starts("pm2 start s.js --name bot", "s.js");
    starts("npm run serve", "bin/www");
    starts("yarn serve", "bin/www");
    starts("npm run prepared", "bin/www");
    starts(
        "npm run build && prisma migrate deploy && node s.js",
        "s.js",
    );
    starts("node migrate.js && node s.js", "s.js");
    starts("node s.js | pino-pretty", "s.js");
    starts("node \"my bot.js\"", "my bot.js");
}

#[test]
fn a_compiled_entry_that_is_not_there_is_its_source() {
    starts("node dist/index.js", "src/index.ts");
    starts("node dist/src/index.js", "src/index.ts");
    starts("node build/server", "server.ts");
}

#[test]
fn preloads_are_kept_apart() {
    let package = r#"{"scripts":{"start":"node -r dotenv/config --import=./trace.mjs app.js"}}"#;
    let entry = find(&[("package.json", package), ("app.js", "")]).unwrap();
    assert_eq!(entry.preloads, ["dotenv/config", "./trace.mjs"]);
}

#[test]
fn without_a_start_script_main_and_usual_names_are_tried() {
    let main = r#"{"main":"./lib/bot"}"#;
    assert_eq!(
        find(&[("package.json", main), ("lib/bot/index.js", "")])
            .unwrap()
            .path,
        "lib/bot/index.js"
    );
    assert_eq!(
        find(&[("package.json", main), ("server.js", ""), ("index.js", "")])
            .unwrap()
            .path,
        "index.js"
    );
    assert_eq!(find(&[("src/app.ts", "")]).unwrap().path, "src/app.ts");
    assert_eq!(
        find(&[("src/app.ts", ""), ("server.cjs", "")])
            .unwrap()
            .path,
        "server.cjs"
    );
}

#[test]
fn a_start_script_that_runs_in_circles_is_passed_over() {
    let package = r#"{"scripts":{"start":"npm run start"}}"#;
    assert_eq!(
        find(&[("package.json", package), ("app.js", "")])
            .unwrap()
            .path,
        "app.js"
    );
}

#[test]
fn an_entry_outside_of_the_folder_is_not_one() {
    let package = r#"{"main":"../../etc/passwd","scripts":{"start":"node /etc/passwd"}}"#;
    assert!(matches!(
        find(&[("package.json", package)]),
        Err(BuildError::NoEntry { .. })
    ));
}

#[test]
fn no_entry_says_what_was_tried() {
    let package = r#"{"main":"gone.js","scripts":{"start":"docker compose up"}}"#;
    let error = find(&[("package.json", package)]).unwrap_err().to_string();
    assert_eq!(
        error,
        "no file to start the bot with was found
  - `scripts.start` of package.json: `docker compose up` runs no file that could be told
  - `main` of package.json: `gone.js` is not there
  - {app, index, server}.{js, mjs, cjs, ts}
  - src/{app, index, server}.{js, mjs, cjs, ts}
  = name it in package.json: \"scripts\": { \"start\": \"node app.js\" }, or \"roost\": { \"entry\": \"app.js\" }"
    );
}

#[test]
fn roost_settings_win_and_are_checked() {
    let package = r#"{"main":"app.js","roost":{"entry":"bot.js","webhookPath":"/hook","instance":"resident"}}"#;
    let files = [("package.json", package), ("app.js", ""), ("bot.js", "")];
    assert_eq!(find(&files).unwrap().path, "bot.js");

    let settings = PackageJson::read(folder(&files).path()).unwrap().settings;
    assert_eq!(settings.webhook_path.as_deref(), Some("/hook"));
    assert_eq!(settings.instance, Some(Lifetime::Resident));
}

#[track_caller]
fn refused(package: &str, expected: &str) {
    let error = find(&[("package.json", package), ("app.js", "")])
        .unwrap_err()
        .to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn wrong_settings_are_named() {
    refused(
        r#"{"roost":{"entri":"app.js","hook":"/"}}"#,
        "`roost` has no setting named `entri`, `hook`\n  = what it may hold: `entry`, `webhookPath`, `webhook`, `instance`, `folder`",
    );
    refused(
        r#"{"roost":{"entry":"gone.js"}}"#,
        "`roost.entry` is `gone.js`: there is no such file",
    );
    refused(
        r#"{"roost":{"entry":1}}"#,
        "`roost.entry` is `1`: it must be a text",
    );
    refused(
        r#"{"roost":{"webhookPath":"hook"}}"#,
        "`roost.webhookPath` is `hook`: it must start with `/`",
    );
    refused(
        r#"{"roost":{"instance":"warm"}}"#,
        "`roost.instance` is `warm`: it must be `fresh`",
    );
    refused(r#"{"roost":"app.js"}"#, "write an object");
    refused(
        "{",
        "package.json` is not valid: EOF while parsing an object at line 1 column 1",
    );
}
