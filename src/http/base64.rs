//! Base64 as RFC 4648 section 4 writes it, for Basic credentials and for bodies inside bodies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Decodes standard base64 with its padding; `None` for anything else, white space included.
///
/// Bits beyond the last byte must be zero, so that one content has one spelling.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
