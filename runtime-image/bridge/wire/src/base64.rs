//! Standard base64 with padding, at memory speed: bodies that are not text cross as base64.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use crate::base64_simd as bulk;

/// Where there are no vectors that we know, nothing is done in bulk.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod bulk {
    pub fn encode(_: &[u8], _: &mut [u8]) -> usize {
        0
    }

    pub fn decode(_: &[u8], _: &mut [u8]) -> usize {
        0
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const INVALID: u32 = 0x8000_0000;

/// Two output characters for each value of 12 bits.
static PAIRS: [[u8; 2]; 4096] = {
    let mut table = [[0; 2]; 4096];
    let mut i = 0;
    while i < 4096 {
        table[i] = [ALPHABET[i >> 6], ALPHABET[i & 63]];
        i += 1;
    }
    table
};

/// The six bits of a character, shifted to where they stand in a group of four.
const fn sextets(shift: u32) -> [u32; 256] {
    let mut table = [INVALID; 256];
    let mut i = 0;
    while i < 64 {
        table[ALPHABET[i] as usize] = (i as u32) << shift;
        i += 1;
    }
    table
}
static FIRST: [u32; 256] = sextets(18);
static SECOND: [u32; 256] = sextets(12);
static THIRD: [u32; 256] = sextets(6);
static FOURTH: [u32; 256] = sextets(0);

/// Append the base64 text of `bytes` to `out`.
pub fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, b'=');
    let out = &mut out[start..];
    let done = bulk::encode(bytes, out);
    let mut target = out[done / 3 * 4..].chunks_exact_mut(4);
    let mut source = bytes[done..].chunks_exact(3);
    for (group, text) in (&mut source).zip(&mut target) {
        let bits = (group[0] as usize) << 16 | (group[1] as usize) << 8 | group[2] as usize;
        text[..2].copy_from_slice(&PAIRS[bits >> 12]);
        text[2..].copy_from_slice(&PAIRS[bits & 4095]);
    }
    if let (rest @ [first, ..], Some(text)) = (source.remainder(), target.next()) {
        let second = rest.get(1).copied().unwrap_or(0);
        let bits = (*first as usize) << 16 | (second as usize) << 8;
        text[..2].copy_from_slice(&PAIRS[bits >> 12]);
        if rest.len() == 2 {
            text[2] = PAIRS[bits & 4095][0];
        }
    }
}

fn group(text: &[u8]) -> u32 {
    FIRST[text[0] as usize] | SECOND[text[1] as usize] | THIRD[text[2] as usize] | FOURTH[text[3] as usize]
}

/// The bytes of a base64 text; `None` if it is none.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() % 4 != 0 {
        return None;
    }
    let padding = text.iter().rev().take(2).take_while(|c| **c == b'=').count();
    let whole = if padding > 0 { text.len() - 4 } else { text.len() };
    let mut out = vec![0; whole / 4 * 3];
    let mut seen = 0;
    let done = bulk::decode(&text[..whole], &mut out);
    for (text, bytes) in text[done..whole].chunks_exact(4).zip(out[done / 4 * 3..].chunks_exact_mut(3)) {
        let bits = group(text);
        seen |= bits;
        bytes.copy_from_slice(&bits.to_be_bytes()[1..]);
    }
    if padding > 0 {
        let mut last = [b'A'; 4];
        last[..4 - padding].copy_from_slice(&text[whole..text.len() - padding]);
        let bits = group(&last);
        seen |= bits;
        out.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    (seen & INVALID == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        encode(bytes, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_vectors() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(text(bytes.as_bytes()), expected);
            assert_eq!(decode(expected.as_bytes()).unwrap(), bytes.as_bytes());
        }
    }

    #[test]
    fn every_length_survives() {
        let bytes: Vec<u8> = (0..1000u32).map(|i| ((i * 37) >> 2) as u8).collect();
        for n in 0..bytes.len() {
            assert_eq!(decode(text(&bytes[..n]).as_bytes()).unwrap(), &bytes[..n]);
        }
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for bad in ["Zg", "Zg=", "Z===", "Zm9v\n", "Zm!v", "Zm9=Zm9v"] {
            assert_eq!(decode(bad.as_bytes()), None, "{bad}");
        }
    }
}
