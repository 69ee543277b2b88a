//! What is at the bottom of an error.

use std::error::Error;
use std::io;

use rustls::InvalidMessage;

/// The innermost cause: "connection refused" rather than "client error", and no address.
pub fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = cause(innermost) {
        innermost = cause;
    }
    match innermost.downcast_ref() {
        // The first bytes of an answer to a TLS handshake that are not TLS.
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "the peer does not speak TLS at this address".to_owned()
        }
        _ => innermost.to_string(),
    }
}

fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    // The source of an I/O error is the source of the error that it is made of, which would be passed over.
    match error.downcast_ref().and_then(io::Error::get_ref) {
        Some(inside) => Some(inside),
        None => error.source(),
    }
}
