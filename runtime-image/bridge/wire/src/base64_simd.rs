//! Base64 sixteen characters at a time, with the vector instructions of WebAssembly. The plain code of `base64.rs`
//! does what is left over, and everything on other machines.

use core::arch::wasm32::{i8x16, i8x16_all_true, u8x16};
use core::arch::wasm32::{
    i8x16_add, i8x16_eq, i8x16_swizzle, u32x4_shl, u32x4_shr, u32x4_splat, u8x16_ge, u8x16_le, u8x16_lt,
    u8x16_splat, u8x16_sub_sat, v128, v128_and, v128_bitselect, v128_load, v128_or, v128_store,
};

/// Bytes that become sixteen characters.
const GROUP: usize = 12;

fn load(bytes: &[u8; 16]) -> v128 {
    // SAFETY: sixteen readable bytes; v128_load wants no alignment.
    unsafe { v128_load(bytes.as_ptr().cast()) }
}

fn store(to: &mut [u8; 16], value: v128) {
    // SAFETY: sixteen writable bytes; v128_store wants no alignment.
    unsafe { v128_store(to.as_mut_ptr().cast(), value) }
}

fn sixteen(bytes: &[u8]) -> &[u8; 16] {
    bytes[..16].try_into().expect("sixteen bytes")
}

/// Characters of sextets: an offset for each of their five ranges, looked up by where the range begins.
fn characters(sextets: v128) -> v128 {
    // 0..26 is marked 13, 26..52 becomes 0, the digits 1 to 10, plus 11, slash 12.
    let capital = v128_and(u8x16_lt(sextets, u8x16_splat(26)), u8x16_splat(13));
    let range = v128_or(u8x16_sub_sat(sextets, u8x16_splat(51)), capital);
    let offsets = i8x16(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
    i8x16_add(i8x16_swizzle(offsets, range), sextets)
}

fn masked(value: v128, mask: u32) -> v128 {
    v128_and(value, u32x4_splat(mask))
}

/// Append whole groups; how many bytes were taken.
pub fn encode(bytes: &[u8], out: &mut [u8]) -> usize {
    let order = u8x16(2, 1, 0, 255, 5, 4, 3, 255, 8, 7, 6, 255, 11, 10, 9, 255);
    let (mut from, mut to) = (0, 0);
    // A load takes sixteen bytes, of which twelve are used.
    while from + 16 <= bytes.len() {
        let triples = i8x16_swizzle(load(sixteen(&bytes[from..])), order);
        let first = masked(u32x4_shr(triples, 18), 0x3f);
        let second = masked(u32x4_shr(triples, 4), 0x3f00);
        let third = masked(u32x4_shl(triples, 10), 0x3f_0000);
        let fourth = masked(u32x4_shl(triples, 24), 0x3f00_0000);
        let sextets = v128_or(v128_or(first, second), v128_or(third, fourth));
        store((&mut out[to..to + 16]).try_into().expect("sixteen bytes"), characters(sextets));
        from += GROUP;
        to += 16;
    }
    from
}

fn between(text: v128, low: u8, high: u8) -> v128 {
    v128_and(u8x16_ge(text, u8x16_splat(low)), u8x16_le(text, u8x16_splat(high)))
}

/// Decode whole groups into `out`, which needs four bytes more than it gets; how many characters were taken, less
/// than possible where one of them is none of base64.
pub fn decode(text: &[u8], out: &mut [u8]) -> usize {
    let order = u8x16(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 255, 255, 255, 255);
    let (mut from, mut to) = (0, 0);
    while from + 16 <= text.len() && to + 16 <= out.len() {
        let text = load(sixteen(&text[from..]));
        let (capital, small) = (between(text, b'A', b'Z'), between(text, b'a', b'z'));
        let (digit, plus) = (between(text, b'0', b'9'), i8x16_eq(text, u8x16_splat(b'+')));
        let slash = i8x16_eq(text, u8x16_splat(b'/'));
        let letter = v128_or(capital, small);
        if !i8x16_all_true(v128_or(v128_or(letter, digit), v128_or(plus, slash))) {
            break;
        }
        let offset =
            v128_bitselect(u8x16_splat(0u8.wrapping_sub(65)), u8x16_splat(0u8.wrapping_sub(71)), capital);
        let other = v128_bitselect(u8x16_splat(62 - 43), u8x16_splat(63 - 47), plus);
        let other = v128_bitselect(u8x16_splat(4), other, digit);
        let sextets = i8x16_add(text, v128_bitselect(offset, other, letter));
        let first = u32x4_shl(masked(sextets, 0x3f), 18);
        let second = u32x4_shl(masked(sextets, 0x3f00), 4);
        let third = masked(u32x4_shr(sextets, 10), 0xfc0);
        let triples = v128_or(v128_or(first, second), v128_or(third, u32x4_shr(sextets, 24)));
        store((&mut out[to..to + 16]).try_into().expect("sixteen bytes"), i8x16_swizzle(triples, order));
        from += 16;
        to += GROUP;
    }
    from
}
