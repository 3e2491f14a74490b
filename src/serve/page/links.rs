//! Addresses: query strings that carry a question.

/// Writes pairs as a query string without `?`; empty values are left out.
pub fn query(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        if !text.is_empty() {
            text.push('&');
        }
        encode(&mut text, name);
        text.push('=');
        encode(&mut text, value);
    }
    text
}

/// Percent-encodes everything that could end a value or a parameter. `:`, `,` and `/` stay readable.
fn encode(text: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b',' | b'/' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_end_its_parameter() {
        let text = query(&[("tz", "Etc/GMT+3"), ("platform", ""), ("name", "a&b=c é")]);
        assert_eq!(text, "tz=Etc/GMT%2B3&name=a%26b%3Dc%20%C3%A9");
    }
}
