//! The host's side of `roost:bot`, generated from `wit/`.

wasmtime::component::bindgen!({
    path: "wit",
    world: "roost:bot/capabilities",
    imports: {
        // The bot waits for these, and the thread that it runs on does not.
        "roost:bot/key-derivation.pbkdf2-now": async,
        "roost:bot/key-derivation.scrypt-now": async,
        "roost:bot/key-derivation.bcrypt-now": async,
        "roost:bot/key-derivation.argon2-now": async,
    },
    with: {
        "roost:bot/ciphers.cipher": super::ciphers::Cipher,
        "roost:bot/compression.compressor": super::compression::Compressor,
        "roost:bot/compression.decompressor": super::compression::Decompressor,
        "roost:bot/compression.zstd-compressor": super::compression::ZstdCompressor,
        "roost:bot/compression.zstd-decompressor": super::compression::ZstdDecompressor,
        "roost:bot/database.transaction": super::database::OpenTransaction,
    },
});
