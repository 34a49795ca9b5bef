//! The host's own memory: what it has freed goes back to the kernel.
//!
//! Making an image takes and frees hundreds of megabytes in blocks of all sizes. The C library keeps
//! freed blocks for itself, and would keep more with each deploy.

/// Blocks from this size on are the kernel's, and go back to it when they are freed. The C library
/// raises the bound by itself up to 32 MiB otherwise, and blocks below it leave holes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_MAPPING_BYTES: libc::c_int = 1 << 20;

/// To be called once, when the program starts.
pub fn set_up() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the C library's own setting")]
    // SAFETY: it changes where later blocks come from, and touches no block there is.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_MAPPING_BYTES);
    }
}

/// Gives what is free to the kernel. Takes some milliseconds.
pub fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the C library's own function")]
    // SAFETY: it only releases pages that no block uses.
    unsafe {
        libc::malloc_trim(0);
    }
}
