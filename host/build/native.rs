//! Packages that are machine code, and what to use in their place.

/// Why a package cannot run in a sandbox.
const MACHINE_CODE: &str = "is machine code, which a sandbox cannot load";
const BROWSER: &str = "starts a browser, which a sandbox cannot";
const PROGRAM: &str = "starts another program, which a sandbox cannot";
const WHATSAPP_WEB: &str = "logs in to WhatsApp as a phone's second screen, over a connection that stays open; Roost's bots have \
     a number of Meta's Cloud API";

/// What to do instead.
const POSTGRES: &str = "the project's Postgres, through pg: npm install pg";
const CLOUD_API: &str = "an Express route that takes Meta's webhooks, and fetch to https://graph.facebook.com for what is sent";
const RENDERS: &str = "a service that renders pages, called with fetch";
const DRAWS: &str = "a service that draws, called with fetch";
const RUNS_MODELS: &str = "a service that runs the model, called with fetch";
const XML: &str = "fast-xml-parser: npm install fast-xml-parser";
const CONVERTS: &str = "a service that converts, called with fetch";

/// Packages that cannot run in a sandbox: why, and what to do instead.
const PACKAGES: [(&str, &str, &str); 64] = [
    ("@adiwajshing/baileys", WHATSAPP_WEB, CLOUD_API),
    ("@builderbot/provider-baileys", WHATSAPP_WEB, CLOUD_API),
    ("@ffmpeg-installer/ffmpeg", PROGRAM, CONVERTS),
    ("@huggingface/transformers", MACHINE_CODE, RUNS_MODELS),
    ("@libsql/client", MACHINE_CODE, POSTGRES),
    ("@napi-rs/canvas", MACHINE_CODE, DRAWS),
    (
        "@node-rs/argon2",
        MACHINE_CODE,
        "argon2: npm install argon2",
    ),
    (
        "@node-rs/bcrypt",
        MACHINE_CODE,
        "bcrypt: npm install bcrypt",
    ),
    ("@open-wa/wa-automate", WHATSAPP_WEB, CLOUD_API),
    ("@playwright/test", BROWSER, RENDERS),
    (
        "@prisma/client",
        "asks an engine of its own, which is machine code",
        "pg, or an ORM that sits on it, such as drizzle-orm or knex: npm install pg drizzle-orm",
    ),
    ("@sparticuz/chromium", BROWSER, RENDERS),
    (
        "@tensorflow/tfjs-node",
        MACHINE_CODE,
        "@tensorflow/tfjs: npm install @tensorflow/tfjs",
    ),
    ("@whiskeysockets/baileys", WHATSAPP_WEB, CLOUD_API),
    ("@wppconnect-team/wppconnect", WHATSAPP_WEB, CLOUD_API),
    ("@xenova/transformers", MACHINE_CODE, RUNS_MODELS),
    ("baileys", WHATSAPP_WEB, CLOUD_API),
    ("better-sqlite3", MACHINE_CODE, POSTGRES),
    ("canvas", MACHINE_CODE, DRAWS),
    ("chromium", BROWSER, RENDERS),
    ("deasync", MACHINE_CODE, "async functions"),
    ("duckdb", MACHINE_CODE, POSTGRES),
    ("ffi-napi", MACHINE_CODE, ""),
    ("ffmpeg-static", PROGRAM, CONVERTS),
    ("fluent-ffmpeg", PROGRAM, CONVERTS),
    ("gm", PROGRAM, CONVERTS),
    (
        "grpc",
        MACHINE_CODE,
        "@grpc/grpc-js: npm install @grpc/grpc-js",
    ),
    ("isolated-vm", MACHINE_CODE, ""),
    ("kerberos", MACHINE_CODE, ""),
    ("leveldown", MACHINE_CODE, POSTGRES),
    ("libsql", MACHINE_CODE, POSTGRES),
    ("libxmljs", MACHINE_CODE, XML),
    ("libxmljs2", MACHINE_CODE, XML),
    ("lmdb", MACHINE_CODE, POSTGRES),
    ("node-pty", MACHINE_CODE, ""),
    ("node-sass", MACHINE_CODE, "sass: npm install sass"),
    ("node-webpmux", MACHINE_CODE, CONVERTS),
    ("nodejs-whisper", PROGRAM, RUNS_MODELS),
    ("onnxruntime-node", MACHINE_CODE, RUNS_MODELS),
    ("oracledb", MACHINE_CODE, ""),
    ("playwright", BROWSER, RENDERS),
    ("playwright-chromium", BROWSER, RENDERS),
    ("playwright-core", BROWSER, RENDERS),
    (
        "pm2",
        PROGRAM,
        "nothing: a host keeps bots running by itself",
    ),
    ("puppeteer", BROWSER, RENDERS),
    ("puppeteer-core", BROWSER, RENDERS),
    ("puppeteer-extra", BROWSER, RENDERS),
    (
        "re2",
        MACHINE_CODE,
        "a regular expression with bounded repeats",
    ),
    ("robotjs", MACHINE_CODE, ""),
    ("rocksdb", MACHINE_CODE, POSTGRES),
    ("selenium-webdriver", BROWSER, RENDERS),
    ("serialport", MACHINE_CODE, ""),
    (
        "sharp",
        MACHINE_CODE,
        "a service that changes images, called with fetch",
    ),
    ("skia-canvas", MACHINE_CODE, DRAWS),
    (
        "sodium-native",
        MACHINE_CODE,
        "tweetnacl: npm install tweetnacl",
    ),
    ("sqlite3", MACHINE_CODE, POSTGRES),
    ("tree-sitter", MACHINE_CODE, ""),
    ("usb", MACHINE_CODE, ""),
    ("venom-bot", WHATSAPP_WEB, CLOUD_API),
    ("wa-automate", WHATSAPP_WEB, CLOUD_API),
    ("whatsapp-web.js", WHATSAPP_WEB, CLOUD_API),
    ("wppconnect", WHATSAPP_WEB, CLOUD_API),
    ("youtube-dl-exec", PROGRAM, CONVERTS),
    ("zeromq", MACHINE_CODE, ""),
];

/// Packages whose only work is to load an addon: who imports one is native.
const ADDON_LOADERS: [&str; 7] = [
    "@mapbox/node-pre-gyp",
    "bindings",
    "napi-macros",
    "node-gyp-build",
    "node-gyp-build-optional-packages",
    "node-pre-gyp",
    "prebuild-install",
];

/// Addons that pure packages use when they are there and do without otherwise.
pub(super) const OPTIONAL: [&str; 7] = [
    "bufferutil",
    "cpu-features",
    "fsevents",
    "msgpackr-extract",
    "snappy",
    "unix-dgram",
    "utf-8-validate",
];

/// The packages known to be of no use in a sandbox.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    PACKAGES.iter().map(|(name, ..)| *name)
}

pub(super) fn is_known(package: &str) -> bool {
    known().any(|name| name == package)
}

pub(super) fn is_addon_loader(package: &str) -> bool {
    ADDON_LOADERS.contains(&package)
}

/// Why a package cannot run here: what follows its name.
pub(super) fn reason(package: &str) -> &'static str {
    let found = PACKAGES.iter().find(|(name, ..)| *name == package);
    found.map_or(MACHINE_CODE, |(_, reason, _)| reason)
}

/// What an author does about such a package.
pub(super) fn advice(package: &str) -> String {
    let found = PACKAGES.iter().find(|(name, ..)| *name == package);
    match found.map(|(.., instead)| *instead) {
        Some(instead) if !instead.is_empty() => format!("use instead: {instead}"),
        _ => "use a package that is JavaScript only, or a service called with fetch".to_owned(),
    }
}
