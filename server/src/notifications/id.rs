//! Ids of notifications: UUIDs of version 7, which sort by time as text. Source: RFC 9562, section 5.7.

/// A new id of this moment, in ms since the epoch.
pub(super) fn new(now: u64) -> String {
    let random: u128 = rand::random();
    // 48 bits of time, version, 12 random bits, variant, 62 random bits.
    let time = u128::from(now & 0xffff_ffff_ffff) << 80;
    let bits =
        time | (7 << 76) | (random & (0xfff << 64)) | (0b10 << 62) | (random & ((1 << 62) - 1));
    let hex = format!("{bits:032x}");
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_uuids_that_sort_by_time_and_none_is_given_twice() {
        let id = super::new(0x0199_c6f2_1234);
        assert!(id.starts_with("0199c6f2-1234-7"), "{id}");
        assert_eq!((id.len(), &id[18..19]), (36, "-"));
        assert!("89ab".contains(&id[19..20]), "{id}");
        let mut ids: Vec<_> = (0..1_000).map(super::new).collect();
        assert!(ids.is_sorted());
        ids.extend((0..1_000).map(|_| super::new(7)));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 2_000);
    }
}
