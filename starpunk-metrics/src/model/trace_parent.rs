//! The place of a request in a trace that somebody else began: the header `traceparent`.
//!
//! Read from the bytes of the header, once, at the edge, as <https://www.w3.org/TR/trace-context/> says. No span is
//! made here, and a header that is not understood is no error: there is no trace then.

use std::fmt;
use std::num::NonZeroU64;

/// What a caller sent as `traceparent`: which trace the request belongs to, and which operation of it sent the request.
///
/// As in [W3C Trace Context](https://www.w3.org/TR/trace-context/), and in its
/// [level 2](https://www.w3.org/TR/trace-context-2/). It is displayed as the header is written, in version 00.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// In halves, for an alignment of 8. Never both zero.
    trace_high: u64,
    trace_low: u64,
    /// Never zero, so an optional `TraceParent` needs no more room.
    parent_id: NonZeroU64,
    /// None but those that are known, so they may be passed on.
    flags: u8,
}

const SAMPLED: u8 = 0b01;
/// Level 2: the last seven bytes of the trace id are random. Who continues the trace passes it on.
const RANDOM_TRACE_ID: u8 = 0b10;

/// The length of version 00, and of the part that every higher version begins with.
const LENGTH: usize = 55;

impl TraceParent {
    /// Reads the value of a header.
    ///
    /// Of a version above 00 the four known fields are read, and of its flags only whether it is sampled.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let (fields, rest) = value.split_at_checked(LENGTH)?;
        // Four fields of these lengths and their hyphens are all of it: there is no fifth.
        let mut fields = fields.split(|&byte| byte == b'-');
        let version = u8::from_str_radix(hex(fields.next()?, 2)?, 16).ok()?;
        let trace_id = u128::from_str_radix(hex(fields.next()?, 32)?, 16).ok()?;
        let parent_id = u64::from_str_radix(hex(fields.next()?, 16)?, 16).ok()?;
        let flags = u8::from_str_radix(hex(fields.next()?, 2)?, 16).ok()?;

        let known_flags = match (version, rest) {
            (0, []) => SAMPLED | RANDOM_TRACE_ID,
            (1..=0xfe, [] | [b'-', ..]) => SAMPLED,
            _ => return None,
        };
        if trace_id == 0 {
            return None;
        }
        Some(Self {
            trace_high: (trace_id >> 64) as u64,
            trace_low: trace_id as u64,
            parent_id: NonZeroU64::new(parent_id)?,
            flags: flags & known_flags,
        })
    }

    /// Returns the id of the whole trace. Never zero.
    pub fn trace_id(&self) -> u128 {
        u128::from(self.trace_high) << 64 | u128::from(self.trace_low)
    }

    /// Returns the id that the caller gave to its side of the request. Never zero.
    pub fn parent_id(&self) -> u64 {
        self.parent_id.get()
    }

    /// Tells whether the caller may have recorded its side of the request.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The trace id as its 32 digits.
    pub fn trace_id_hex(self) -> impl fmt::Display {
        fmt::from_fn(move |f| write!(f, "{:032x}", self.trace_id()))
    }

    /// The parent id as its 16 digits.
    pub fn parent_id_hex(self) -> impl fmt::Display {
        fmt::from_fn(move |f| write!(f, "{:016x}", self.parent_id))
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace_id, parent_id) = (self.trace_id_hex(), self.parent_id_hex());
        write!(f, "00-{trace_id}-{parent_id}-{:02x}", self.flags)
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceParent({self})")
    }
}

/// A field of so many digits, as text. Upper case is not allowed, and neither is the sign that `from_str_radix` takes.
fn hex(field: &[u8], digits: usize) -> Option<&str> {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_hex = field.len() == digits && field.iter().all(is_digit);
    str::from_utf8(field).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXAMPLE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn parse(text: &str) -> Option<TraceParent> {
        TraceParent::parse(text.as_bytes())
    }

    #[test]
    fn the_example_of_the_specification_is_read_and_written_again() {
        let parent = parse(EXAMPLE).unwrap();
        assert_eq!(parent.trace_id(), 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
        assert_eq!(parent.parent_id(), 0xb7ad_6b71_6920_3331);
        assert!(parent.is_sampled());
        assert_eq!(parent.to_string(), EXAMPLE);
        assert_eq!(format!("{parent:?}"), format!("TraceParent({EXAMPLE})"));
    }

    #[test]
    fn an_optional_one_needs_no_extra_byte_and_no_wide_alignment() {
        assert_eq!(size_of::<Option<TraceParent>>(), size_of::<TraceParent>());
        assert_eq!(align_of::<TraceParent>(), 8);
    }

    #[test]
    fn ids_are_written_with_their_leading_zeros() {
        let text = "00-00000000000000000000000000000abc-000000000000000f-00";
        let parent = parse(text).unwrap();
        assert_eq!(
            parent.trace_id_hex().to_string(),
            "00000000000000000000000000000abc"
        );
        assert_eq!(parent.parent_id_hex().to_string(), "000000000000000f");
        assert_eq!(parent.to_string(), text);
    }

    #[test]
    fn a_trace_id_may_have_one_half_of_zeros() {
        for trace_id in [1_u128, 1 << 64] {
            let parent = parse(&format!("00-{trace_id:032x}-b7ad6b7169203331-00"));
            assert_eq!(parent.map(|parent| parent.trace_id()), Some(trace_id));
        }
    }

    #[test]
    fn ids_of_zeros_are_refused() {
        assert_eq!(
            parse("00-00000000000000000000000000000000-b7ad6b7169203331-01"),
            None
        );
        assert_eq!(
            parse("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"),
            None
        );
    }

    #[test]
    fn what_is_not_lower_case_digits_in_their_places_is_refused() {
        for text in [
            "",
            "00",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-B7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-+1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
            "00-0af7651916cd43dd8448eb211c8031-9cb7ad6b7169203331-01",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
            "0-00af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            " 0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn version_00_has_exactly_55_bytes() {
        for rest in ["-", "-what-comes-later", " ", "0"] {
            assert_eq!(parse(&format!("{EXAMPLE}{rest}")), None, "{rest:?}");
        }
    }

    #[test]
    fn a_higher_version_is_read_as_far_as_it_is_known() {
        for version in ["01", "cc", "fe"] {
            let text = EXAMPLE.replacen("00", version, 1);
            for rest in ["", "-", "-what-comes-later", "-\u{e9}"] {
                let parent = parse(&format!("{text}{rest}"));
                assert_eq!(parent, parse(EXAMPLE), "{version} {rest}");
            }
            assert_eq!(parse(&format!("{text}0")), None);
            assert_eq!(parse(&text[..54]), None);
        }
    }

    #[test]
    fn version_ff_is_refused() {
        assert_eq!(parse(&EXAMPLE.replacen("00", "ff", 1)), None);
        assert_eq!(parse(&EXAMPLE.replacen("00", "FF", 1)), None);
    }

    #[test]
    fn only_flags_that_the_version_is_known_to_have_are_kept() {
        let written = |version: &str, flags: &str| {
            let text = format!("{version}{}{flags}", &EXAMPLE[2..53]);
            parse(&text).unwrap().to_string()[53..].to_owned()
        };
        assert_eq!(written("00", "ff"), "03");
        assert_eq!(written("00", "02"), "02");
        assert_eq!(written("00", "08"), "00");
        assert_eq!(written("01", "ff"), "01");
        assert_eq!(written("01", "fe"), "00");
    }

    #[test]
    fn sampled_is_one_bit_of_the_flags() {
        for flags in 0..=u8::MAX {
            let parent = parse(&format!("{}{flags:02x}", &EXAMPLE[..53])).unwrap();
            assert_eq!(parent.is_sampled(), flags % 2 == 1, "{flags:02x}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(trace_id in 1_u128.., parent_id in 1_u64.., flags in 0_u8..4) {
            let text = format!("00-{trace_id:032x}-{parent_id:016x}-{flags:02x}");
            let parent = parse(&text).unwrap();
            prop_assert_eq!((parent.trace_id(), parent.parent_id()), (trace_id, parent_id));
            prop_assert_eq!(parent.to_string(), text);
        }

        #[test]
        fn one_byte_that_is_no_digit_refuses_a_header(at in 0_usize..LENGTH, byte: u8) {
            let mut value = EXAMPLE.as_bytes().to_vec();
            let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let is_in_place = value[at] == byte || (value[at] != b'-' && is_digit);
            // Two digits are the version, with which the length is right for any but `ff`.
            value[at] = byte;
            prop_assert_eq!(TraceParent::parse(&value).is_some(), is_in_place);
        }

        #[test]
        fn the_version_decides_what_may_follow(
            version in prop_oneof![Just(0), any::<u8>()],
            rest in "(|[-a-f])[ -~]{0,9}",
        ) {
            let text = format!("{version:02x}{}{rest}", &EXAMPLE[2..]);
            let is_known = match version {
                0x00 => rest.is_empty(),
                0xff => false,
                _ => rest.is_empty() || rest.starts_with('-'),
            };
            prop_assert_eq!(parse(&text).is_some(), is_known);
        }

        #[test]
        fn a_part_of_a_header_is_refused(version: u8, length in 0..LENGTH) {
            let text = format!("{version:02x}{}", &EXAMPLE[2..]);
            prop_assert_eq!(parse(&text[..length]), None);
        }
    }
}
