//! The cryptography that TLS connections of this process use.

/// Chooses ring for every TLS connection of this process. reqwest, lapin and redis leave the choice to the program and
/// panic without one, so whoever makes a client calls this before. Calling it again changes nothing.
pub fn install() {
    // An error means that the choice has been made before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
