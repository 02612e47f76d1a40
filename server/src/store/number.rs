//! Numbers as databases hold them: signed, of 64 bits.

/// A number as it is stored. No sequence number or time comes near the limit; bounds may lie beyond it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as it was stored; what is below zero was not stored by us.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
