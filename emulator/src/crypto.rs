//! The TLS library, which a process has to choose once.

/// The one TLS provider of the process. Whoever was first has won, which is as good.
pub(crate) fn install() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
