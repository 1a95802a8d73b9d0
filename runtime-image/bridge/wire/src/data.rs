//! **data**: bytes as a string, `u` + text or `b` + base64; nothing at all is empty.

use crate::base64;

/// Append `bytes` as data.
pub fn encode_data_into(bytes: &[u8], out: &mut Vec<u8>) {
    if std::str::from_utf8(bytes).is_ok() {
        out.reserve(bytes.len() + 1);
        out.push(b'u');
        out.extend_from_slice(bytes);
    } else {
        out.push(b'b');
        base64::encode(bytes, out);
    }
}

/// `bytes` as data.
pub fn encode_data(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    encode_data_into(bytes, &mut out);
    // SAFETY: a letter followed by what was just found to be UTF-8, or by base64. Looking again would cost a
    // body a tenth of its throughput.
    unsafe { String::from_utf8_unchecked(out) }
}

/// The bytes of data. Panics when the host broke the protocol.
pub fn decode_data(text: &[u8]) -> Vec<u8> {
    match text.split_first() {
        None => Vec::new(),
        Some((b'u', text)) => text.to_vec(),
        Some((b'b', text)) => base64::decode(text).expect("base64 from the host"),
        Some(_) => panic!("data from the host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_and_other_bytes_become_base64() {
        assert_eq!(encode_data("héllo".as_bytes()), "uhéllo");
        assert_eq!(encode_data(b""), "u");
        assert_eq!(encode_data(&[0xff, 0xfe]), "b//4=");
    }

    #[test]
    fn round_trip() {
        for bytes in [&b""[..], b"\0", b"text\n", &[0x80, 0, 0xff]] {
            assert_eq!(decode_data(encode_data(bytes).as_bytes()), bytes);
        }
        assert_eq!(decode_data(b""), b"");
    }
}
