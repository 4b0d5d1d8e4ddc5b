//! The name of one request: a UUID, sixteen bytes, so that events carry it by value.
//!
//! It is random, or made of what a trusted proxy sent. Who is trusted is decided elsewhere.

use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::num::NonZeroU64;
use std::str::FromStr;

use uuid::fmt::Hyphenated;
use uuid::{Builder, Uuid};

use crate::model::client_request_id::ClientRequestId;

/// The identity of one request, sent to the client as `X-Request-ID`.
///
/// A version 4 UUID (RFC 9562), unless it was read from a text. As an actix-web extractor it gives the id of the
/// request at hand; anywhere else [`RequestId::current`] does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId {
    /// Never zero: the version bits are here. So an optional id needs no more room, and no wider alignment.
    high: NonZeroU64,
    low: u64,
}

/// Where the digits of each byte are in the text.
const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// The two digits of each byte: a look-up takes less than half as long as making them.
static DIGITS: [[u8; 2]; 256] = {
    let digits = *b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < pairs.len() {
        pairs[byte] = [digits[byte / 16], digits[byte % 16]];
        byte += 1;
    }
    pairs
};

/// Why a text is no [`RequestId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request id is 1 to 128 characters of `A-Z`, `a-z`, `0-9` and `._~:@+/=-`")]
#[non_exhaustive]
pub struct InvalidRequestId;

impl RequestId {
    /// Makes a new random id, in about 12 ns and without a system call.
    pub fn random() -> Self {
        Self::of_version(Uuid::new_v4())
    }

    /// Makes the id of a request that came with `id`, as [`FromStr`] does of its text.
    pub(crate) fn adopt(id: &ClientRequestId) -> Self {
        Self::written(id.as_str()).unwrap_or_else(|| Self::digest(id.as_str()))
    }

    /// Returns the UUID.
    pub fn as_uuid(self) -> Uuid {
        Uuid::from_u64_pair(self.high.get(), self.low)
    }

    /// The id as its 36 characters, without an allocation.
    #[inline]
    pub(crate) fn encode(self) -> [u8; 36] {
        let mut text = [b'-'; 36];
        for (byte, at) in self.as_uuid().into_bytes().into_iter().zip(PLACES) {
            text[at..at + 2].copy_from_slice(&DIGITS[usize::from(byte)]);
        }
        text
    }

    /// The id whose text this is. Any version will do: Envoy writes its decision to trace where the version is.
    fn written(text: &str) -> Option<Self> {
        let uuid = text.parse::<Hyphenated>().ok()?.into_uuid();
        let (high, low) = uuid.as_u64_pair();
        let high = NonZeroU64::new(high)?;
        Some(Self { high, low })
    }

    /// A hash of the text, as a version 8 UUID (RFC 9562, section 5.8).
    ///
    /// Another build of the standard library may hash otherwise. An id is looked up in the process that made it, so
    /// there it has to be the same, and nowhere else.
    fn digest(text: &str) -> Self {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let [high, low] = [0_u8, 1].map(|half| hasher.hash_one((half, text)));
        let bytes = Uuid::from_u64_pair(high, low).into_bytes();
        Self::of_version(Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The id of a UUID that has a version, and so a high half that is not zero.
    fn of_version(uuid: Uuid) -> Self {
        let (high, low) = uuid.as_u64_pair();
        debug_assert_ne!(high, 0, "the version is in the high half");
        Self {
            high: NonZeroU64::new(high).unwrap_or(NonZeroU64::MIN),
            low,
        }
    }
}

/// Finds the id that a request has by its text: what [`RequestId`] displays, or what a trusted proxy sent.
///
/// A UUID with its hyphens, of any version and in either case, is that UUID. Any other text of 1 to 128 characters of
/// `A-Z`, `a-z`, `0-9` and `._~:@+/=-` becomes a version 8 UUID made of its hash: the same one for the same text, in
/// this process. So does a UUID whose first half is zero, the nil UUID among them.
///
/// # Errors
///
/// [`InvalidRequestId`] when the text is empty, longer, or has another character. Nothing is stripped.
///
/// ```
/// use starpunk_metrics::RequestId;
///
/// let id = RequestId::random();
/// assert_eq!(id.to_string().parse(), Ok(id));
///
/// let sent: RequestId = "order-17/retry-2".parse()?;
/// assert_eq!("order-17/retry-2".parse(), Ok(sent));
/// # Ok::<(), starpunk_metrics::InvalidRequestId>(())
/// ```
impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, InvalidRequestId> {
        let id = ClientRequestId::parse(text.as_bytes()).ok_or(InvalidRequestId)?;
        Ok(Self::adopt(&id))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(str::from_utf8(&self.encode()).unwrap_or_default())
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
    use proptest::prelude::*;

    fn adopted(text: &str) -> RequestId {
        RequestId::adopt(&ClientRequestId::parse(text.as_bytes()).unwrap())
    }

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

    #[test]
    fn a_uuid_is_taken_as_it_is_whatever_its_version_and_case() {
        for version in "0123456789abcdef".chars() {
            let text = format!("0af76519-16cd-{version}3dd-8448-eb211c80319c");
            assert_eq!(adopted(&text).to_string(), text);
            assert_eq!(adopted(&text.to_uppercase()).to_string(), text);
        }
    }

    #[test]
    fn a_uuid_written_in_another_way_is_a_text_like_any_other() {
        let simple = "0af7651916cd43dd8448eb211c80319c";
        let urn = "urn:uuid:0af76519-16cd-43dd-8448-eb211c80319c";
        for text in [simple, urn] {
            assert_eq!(adopted(text).as_uuid().get_version_num(), 8, "{text}");
        }
    }

    #[test]
    fn a_uuid_whose_first_half_is_zero_is_hashed_and_not_altered() {
        let nil = Uuid::nil().to_string();
        let low_only = "00000000-0000-0000-8448-eb211c80319c";
        for text in [nil.as_str(), low_only] {
            assert_eq!(adopted(text).as_uuid().get_version_num(), 8, "{text}");
        }
        assert_ne!(adopted(&nil), adopted(low_only));
    }

    #[test]
    fn a_hash_is_a_custom_uuid_of_the_usual_variant_with_halves_of_its_own() {
        let uuid = adopted("order-17").as_uuid();
        assert_eq!(uuid.get_version(), Some(uuid::Version::Custom));
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
        let (high, low) = uuid.as_u64_pair();
        let free = !(0b11 << 62) & !0xf000;
        assert_ne!(high & free, low & free);
    }

    #[test]
    fn what_no_client_may_send_is_no_id_and_the_error_says_what_is() {
        for text in ["", "two words", "caf\u{e9}", " order-17", &"a".repeat(129)] {
            assert_eq!(text.parse::<RequestId>(), Err(InvalidRequestId), "{text}");
        }
        assert_eq!(
            InvalidRequestId.to_string(),
            "a request id is 1 to 128 characters of `A-Z`, `a-z`, `0-9` and `._~:@+/=-`"
        );
    }

    proptest! {
        #[test]
        fn the_text_of_an_id_is_that_id(high in 1_u64.., low: u64) {
            let id = RequestId { high: NonZeroU64::new(high).unwrap(), low };
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn what_was_adopted_is_found_by_what_was_sent_and_by_its_own_text(
            text in "[A-Za-z0-9._~:@+/=-]{1,128}",
        ) {
            let id = adopted(&text);
            prop_assert_eq!(text.parse(), Ok(id));
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn different_texts_have_different_ids(left in "[a-z0-9:-]{1,8}", right in "[a-z0-9:-]{1,8}") {
            prop_assert_eq!(left == right, adopted(&left) == adopted(&right));
        }
    }
}
