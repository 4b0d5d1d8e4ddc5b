//! A short name for a piece of content, the same in every run: for `ETag`s and for the address of the stylesheet.

/// 64-bit FNV-1a, in hexadecimal.
///
/// `std`'s hasher may change with the toolchain, and a cached page should outlive a rebuild. The input is the
/// site's own, so a hash that an attacker could collide is good enough.
pub(crate) fn fingerprint(content: &[u8]) -> String {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let hash = content.iter().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(PRIME)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn fingerprint_is_fnv_1a() {
        // Test vectors of the FNV reference implementation.
        assert_eq!(fingerprint(b""), "cbf29ce484222325");
        assert_eq!(fingerprint(b"a"), "af63dc4c8601ec8c");
        assert_eq!(fingerprint(b"foobar"), "85944171f73967e8");
    }
}
