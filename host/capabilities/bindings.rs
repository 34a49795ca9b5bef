//! The host's side of `roost:bot`, generated from `wit/`.

wasmtime::component::bindgen!({
    path: "wit",
    world: "roost:bot/capabilities",
    with: {
        "roost:bot/compression.compressor": super::compression::Compressor,
        "roost:bot/compression.decompressor": super::compression::Decompressor,
        "roost:bot/database.transaction": super::database::OpenTransaction,
    },
});
