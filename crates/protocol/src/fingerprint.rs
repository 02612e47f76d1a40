//! What a server's key is known by.

use std::fmt;
use std::str::FromStr;

/// SHA-256 of a certificate's public key (its `SubjectPublicKeyInfo`), which stays the same when the certificate is
/// renewed with the same key. Written as `SHA256:` and base64 without padding, as ssh does.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// Text that is no fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidFingerprint(String);

const PREFIX: &str = "SHA256:";
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        for group in self.0.chunks(3) {
            let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
            let bits = bits << (8 * (3 - group.len()));
            for sextet in 0..=group.len() {
                let index = bits >> (18 - 6 * sextet) & 63;
                write!(f, "{}", char::from(ALPHABET[index as usize]))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    /// Reads what [`Display`](fmt::Display) writes, with padding too.
    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let invalid = || InvalidFingerprint(text.to_owned());
        let digits = text.trim().strip_prefix(PREFIX).ok_or_else(invalid)?.trim_end_matches('=');
        let mut bytes = [0; 32];
        let (mut at, mut bits, mut count) = (0, 0_u32, 0);
        for digit in digits.bytes() {
            let value = ALPHABET.iter().position(|known| *known == digit).ok_or_else(invalid)?;
            bits = bits << 6 | u32::try_from(value).map_err(|_| invalid())?;
            count += 6;
            if count >= 8 {
                count -= 8;
                *bytes.get_mut(at).ok_or_else(invalid)? = (bits >> count & 0xff) as u8;
                at += 1;
            }
        }
        // What is left over says nothing, and must not: one key has one spelling.
        let has_rest = bits & ((1 << count) - 1) != 0;
        if at < bytes.len() || count >= 6 || has_rest { Err(invalid()) } else { Ok(Self(bytes)) }
    }
}

impl fmt::Display for InvalidFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no fingerprint such as `tidings serve` prints: SHA256:…", self.0)
    }
}

impl std::error::Error for InvalidFingerprint {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_written_as_ssh_does() {
        // printf '' | openssl dgst -sha256 -binary | base64
        let empty = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
        let read: Fingerprint = empty.parse().unwrap();
        assert_eq!(read.0[..4], [0xe3, 0xb0, 0xc4, 0x42]);
        assert_eq!(read.to_string(), empty);
        assert_eq!(format!("{empty}=\n").parse(), Ok(read));
        for byte in 0..=255 {
            let print = Fingerprint([byte; 32]);
            assert_eq!(print.to_string().parse(), Ok(print));
        }
    }

    #[test]
    fn what_is_no_fingerprint_is_refused() {
        let right = Fingerprint([7; 32]).to_string();
        let without_prefix = right.strip_prefix("SHA256:").unwrap().to_owned();
        let (short, long) = (right[..right.len() - 1].to_owned(), format!("{right}A"));
        let last_bits = format!("{}d", &right[..right.len() - 1]);
        for text in ["", "SHA256:", "SHA256:ä", &without_prefix, &short, &long, &last_bits] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }
}
