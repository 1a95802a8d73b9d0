//! `wasi:random`. All three interfaces give the operating system's randomness; it comes in pools, since a crossing
//! costs more than the bytes.

use std::cell::RefCell;

use crate::bindings::exports::wasi::random::{insecure, insecure_seed, random};
use crate::{host, Core};

const POOL: usize = 256;
const MOST: usize = 64 << 10;

thread_local! {
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn bytes(len: u64) -> Vec<u8> {
    let len = usize::try_from(len).expect("a length that fits into memory");
    if len > POOL {
        let mut all = Vec::with_capacity(len);
        while all.len() < len {
            all.extend_from_slice(&host::random((len - all.len()).min(MOST) as u32));
        }
        return all;
    }
    BYTES.with_borrow_mut(|pool| {
        if pool.len() < len {
            *pool = host::random(POOL as u32);
        }
        pool.split_off(pool.len() - len)
    })
}

fn number() -> u64 {
    u64::from_le_bytes(bytes(8).try_into().expect("eight bytes"))
}

impl random::Guest for Core {
    fn get_random_bytes(len: u64) -> Vec<u8> {
        bytes(len)
    }

    fn get_random_u64() -> u64 {
        number()
    }
}

impl insecure::Guest for Core {
    fn get_insecure_random_bytes(len: u64) -> Vec<u8> {
        bytes(len)
    }

    fn get_insecure_random_u64() -> u64 {
        number()
    }
}

impl insecure_seed::Guest for Core {
    fn insecure_seed() -> (u64, u64) {
        (number(), number())
    }
}
