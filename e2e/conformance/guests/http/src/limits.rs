//! Takes more than its share: time, memory, handles.

use std::hint::black_box;

use harness::http::{Fields, ResponseOutparam};
use harness::{now, send, Query};

/// Computes for ever, or for `ms`.
pub fn spin(query: &Query, outparam: ResponseOutparam) {
    let until = query.get("ms").map(|_| now() + query.number("ms", 0) * 1_000_000);
    let mut rounds: u64 = 0;
    loop {
        rounds = black_box(rounds.wrapping_add(1));
        if rounds % 65_536 == 0 && until.is_some_and(|end| now() >= end) {
            break;
        }
    }
    send(outparam, 200, "text/plain", format!("{rounds} rounds\n").as_bytes());
}

/// Allocates until the host refuses, which ends the instance.
pub fn exhaust_memory() {
    let mut blocks = Vec::new();
    loop {
        blocks.push(black_box(vec![1u8; 1 << 20]));
    }
}

/// Allocates `mib` MiB and says how many it got, without dying of a refusal.
pub fn grow(query: &Query, outparam: ResponseOutparam) {
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    for _ in 0..query.number("mib", 16) {
        let mut block = Vec::new();
        if block.try_reserve_exact(1 << 20).is_err() {
            break;
        }
        block.resize(1 << 20, 1);
        blocks.push(black_box(block));
    }
    let got = blocks.len();
    send(outparam, 200, "text/plain", format!("{got} MiB\n").as_bytes());
}

/// Leaks `handles` resources and `kib` KiB of memory, and answers as if nothing were.
pub fn leak(query: &Query, outparam: ResponseOutparam) {
    for _ in 0..query.number("handles", 100) {
        std::mem::forget(Fields::new());
    }
    std::mem::forget(black_box(vec![1u8; query.number("kib", 64) as usize * 1024]));
    send(outparam, 200, "text/plain", b"leaked\n");
}
