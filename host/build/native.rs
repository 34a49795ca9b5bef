//! Packages that are machine code, and what to use in their place.

/// A package that cannot run in a sandbox, and what to do instead.
const PACKAGES: [(&str, &str); 32] = [
    (
        "@node-rs/argon2",
        "crypto.scrypt, or keep password checks in a service of your own",
    ),
    ("@node-rs/bcrypt", "bcryptjs: npm install bcryptjs"),
    (
        "@tensorflow/tfjs-node",
        "@tensorflow/tfjs: npm install @tensorflow/tfjs",
    ),
    (
        "argon2",
        "bcryptjs (npm install bcryptjs), or crypto.scrypt",
    ),
    (
        "bcrypt",
        "bcryptjs, which has the same functions: npm install bcryptjs",
    ),
    (
        "better-sqlite3",
        "the project's Postgres, through pg: npm install pg",
    ),
    ("canvas", "a service that draws, called with fetch"),
    ("deasync", "async functions"),
    ("ffi-napi", ""),
    ("grpc", "@grpc/grpc-js: npm install @grpc/grpc-js"),
    ("isolated-vm", ""),
    ("kerberos", ""),
    (
        "leveldown",
        "the project's Postgres, through pg: npm install pg",
    ),
    (
        "libsql",
        "the project's Postgres, through pg: npm install pg",
    ),
    ("libxmljs", "fast-xml-parser: npm install fast-xml-parser"),
    ("libxmljs2", "fast-xml-parser: npm install fast-xml-parser"),
    ("lmdb", "the project's Postgres, through pg: npm install pg"),
    ("node-pty", ""),
    ("node-sass", "sass: npm install sass"),
    (
        "onnxruntime-node",
        "a service that runs the model, called with fetch",
    ),
    ("oracledb", ""),
    (
        "playwright",
        "a service that renders pages, called with fetch",
    ),
    (
        "puppeteer",
        "a service that renders pages, called with fetch",
    ),
    ("re2", "a regular expression with bounded repeats"),
    ("robotjs", ""),
    (
        "rocksdb",
        "the project's Postgres, through pg: npm install pg",
    ),
    ("serialport", ""),
    ("sharp", "a service that changes images, called with fetch"),
    ("sodium-native", "tweetnacl: npm install tweetnacl"),
    (
        "sqlite3",
        "the project's Postgres, through pg: npm install pg",
    ),
    ("usb", ""),
    ("zeromq", ""),
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

/// The packages known to be machine code.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    PACKAGES.iter().map(|(name, _)| *name)
}

pub(super) fn is_addon_loader(package: &str) -> bool {
    ADDON_LOADERS.contains(&package)
}

/// What an author does about a native package.
pub(super) fn advice(package: &str) -> String {
    let instead = PACKAGES
        .iter()
        .find(|(name, _)| *name == package)
        .map(|(_, instead)| *instead);
    match instead {
        Some(instead) if !instead.is_empty() => format!("use instead: {instead}"),
        _ => "use a package that is JavaScript only, or a service called with fetch".to_owned(),
    }
}
