//! Packages that do in JavaScript what the host does in its own code: they work, and take a hundred times as long.

use super::error::Report;

const KEYS: &str = "signs, encrypts and makes keys in JavaScript";
const USE_CRYPTO: &str = "use node:crypto, whose work the host does: crypto.sign, crypto.createPrivateKey, crypto.generateKeyPair";

/// A package, what of it is slow, the word in lower case without which a file does not use that, and
/// what to use in its place.
struct Slow {
    package: &'static str,
    what: &'static str,
    word: &'static str,
    instead: &'static str,
}

const fn keys(package: &'static str) -> Slow {
    Slow {
        package,
        what: KEYS,
        word: "",
        instead: USE_CRYPTO,
    }
}

const PACKAGES: [Slow; 9] = [
    keys("@noble/curves"),
    keys("@noble/ed25519"),
    keys("@noble/secp256k1"),
    Slow {
        package: "crypto-js",
        what: "derives keys (PBKDF2) in JavaScript",
        word: "pbkdf2",
        instead: "use node:crypto, whose work the host does: crypto.pbkdf2",
    },
    keys("elliptic"),
    keys("jsrsasign"),
    keys("node-forge"),
    keys("node-rsa"),
    keys("tweetnacl"),
];

/// What to say of a file that imports this package, if there is something.
pub(super) fn told(package: &str, source: &str) -> Option<Report> {
    let found = PACKAGES.iter().find(|slow| slow.package == package)?;
    if !source.to_ascii_lowercase().contains(found.word) {
        return None;
    }
    let message = format!(
        "`{package}` {}, which may take seconds of an event's processor time",
        found.what
    );
    Some(Report::new(message).with_advice(found.instead))
}
