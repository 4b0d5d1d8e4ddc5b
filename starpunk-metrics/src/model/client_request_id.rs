//! What a client calls its request.
//!
//! Read from the bytes of a header, once, at the edge: what is here is short and harmless to print.

use std::fmt;

/// What a client sent as `X-Request-ID`: 1 to 128 characters of `A-Z`, `a-z`, `0-9` and `._~:@+/=-`.
///
/// Clients may repeat it and may lie, so it stands beside the [`RequestId`](crate::RequestId) and does not replace it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientRequestId(Box<str>);

impl ClientRequestId {
    const MAX_BYTES: usize = 128;

    /// Reads the value of a header, or refuses it. Nothing is stripped, because that would make two ids the same.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let is_valid = (1..=Self::MAX_BYTES).contains(&value.len()) && value.iter().all(is_allowed);
        let text = str::from_utf8(value).ok().filter(|_| is_valid)?;
        Some(Self(text.into()))
    }

    /// Returns it as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn is_allowed(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._~:@+/=-".contains(byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_has_1_to_128_characters() {
        assert_eq!(ClientRequestId::parse(b""), None);
        assert!(ClientRequestId::parse(b"a").is_some());
        assert!(ClientRequestId::parse(&[b'a'; 128]).is_some());
        assert_eq!(ClientRequestId::parse(&[b'a'; 129]), None);
    }

    #[test]
    fn each_byte_is_allowed_or_refuses_the_whole_value() {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~:@+/=-";
        for byte in 0..=u8::MAX {
            let is_read = ClientRequestId::parse(&[b'a', byte, b'z']).is_some();
            assert_eq!(is_read, allowed.as_bytes().contains(&byte), "{byte:#04x}");
        }
    }

    #[test]
    fn what_other_systems_send_is_allowed() {
        for text in [
            "0af76519-16cd-43dd-8448-eb211c80319c",
            "Root=1-67891233-abcdef012345678912345678",
            "projects/blog/traces/0af7651916cd43dd",
            "q83vEjRWeJCrze8SNFZ4kA==",
            "mail+17@example.org",
        ] {
            assert!(ClientRequestId::parse(text.as_bytes()).is_some(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_sent(text in "[A-Za-z0-9._~:@+/=-]{1,128}") {
            let id = ClientRequestId::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(id.as_str(), &text);
            prop_assert_eq!(id.to_string(), text);
        }

        #[test]
        fn no_bytes_are_read_as_other_bytes(value in prop::collection::vec(any::<u8>(), 0..4)) {
            if let Some(id) = ClientRequestId::parse(&value) {
                prop_assert_eq!(id.as_str().as_bytes(), &value[..]);
            }
        }
    }
}
