//! Compare and swap, and what else only this draft has.

use harness::http::{IncomingRequest, ResponseOutparam};
use harness::{ensure, ensure_eq, rule, Check, Query, Rule};
use keyvalue::{bucket, Bucket};

use crate::bindings::wasi::keyvalue::atomics::{self, Cas, CasError};
use crate::{text, Draft2};

pub const RULES: [Rule; 5] = [
    rule("KV16b", "a negative delta subtracts, below zero too", negative),
    rule("KV19", "swap creates, and fails with a fresh handle after a foreign set", swap),
    rule("KV19b", "swap of a deleted or created key fails", appearing),
    rule("KV20", "a swap whose current was never asked still sees a change", unasked),
    rule("KV21", "interleaved swap loops lose no update", interleaved),
];

/// What `swap` said.
enum Swapped {
    Done,
    Lost(Cas),
}

fn cas(bucket: &Draft2, key: &str) -> Result<Cas, String> {
    Cas::new(&bucket.0, key).map_err(text)
}

fn current(cas: &Cas) -> Result<Option<Vec<u8>>, String> {
    cas.current().map_err(text)
}

fn try_swap(cas: Cas, value: &[u8]) -> Result<Swapped, String> {
    match atomics::swap(cas, value) {
        Ok(()) => Ok(Swapped::Done),
        Err(CasError::CasFailed(next)) => Ok(Swapped::Lost(next)),
        Err(CasError::StoreError(error)) => Err(text(error)),
    }
}

/// `/cas-add?key=&delta=` adds by a loop of swaps, for tests that run many at once.
pub fn verb(query: &Query, outparam: ResponseOutparam) -> Option<ResponseOutparam> {
    if query.path != "/cas-add" {
        return Some(outparam);
    }
    let added = Draft2::open(query.text("bucket", "default"))
        .and_then(|bucket| add(&bucket, query.text("key", "key"), query.number("delta", 1)));
    let (status, text) = match added {
        Ok(value) => (200, value.to_string()),
        Err(problem) => (502, problem),
    };
    harness::send(outparam, status, "text/plain", text.as_bytes());
    None
}

fn number(value: Option<Vec<u8>>) -> Result<u64, String> {
    let text = String::from_utf8(value.unwrap_or_else(|| b"0".to_vec()));
    text.ok().and_then(|digits| digits.parse().ok()).ok_or_else(|| "the value is no number".to_string())
}

fn add(bucket: &Draft2, key: &str, delta: u64) -> Result<u64, String> {
    let mut handle = cas(bucket, key)?;
    for _ in 0..10_000 {
        let sum = number(current(&handle)?)? + delta;
        match try_swap(handle, sum.to_string().as_bytes())? {
            Swapped::Done => return Ok(sum),
            Swapped::Lost(next) => handle = next,
        }
    }
    Err("ten thousand swaps were lost in a row".into())
}

fn negative(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<Draft2>(query)?;
    bucket.delete("KV16b")?;
    let step = |delta| atomics::increment(&bucket.0, "KV16b", delta).map_err(text);
    ensure_eq!(step(-3)?, -3, "-3 on a missing key");
    ensure_eq!(step(5)?, 2, "5 on -3");
    ensure_eq!(step(-2)?, 0, "-2 on 2");
    bucket.set("KV16b", i64::MAX.to_string().as_bytes())?;
    ensure!(step(1).is_err(), "the largest counter + 1 is no error");
    bucket.set("KV16b", i64::MIN.to_string().as_bytes())?;
    ensure!(step(-1).is_err(), "the smallest counter - 1 is no error");
    ensure_eq!(bucket.get("KV16b")?, Some(i64::MIN.to_string().into()), "the value after it");
    Ok(bucket.delete("KV16b")?)
}

fn swap(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<Draft2>(query)?;
    bucket.delete("KV19")?;
    let handle = cas(&bucket, "KV19")?;
    ensure_eq!(current(&handle)?, None, "current of a missing key");
    ensure!(matches!(try_swap(handle, b"one")?, Swapped::Done), "swap does not create");
    ensure_eq!(bucket.get("KV19")?, Some(b"one".to_vec()), "get after swap");

    let handle = cas(&bucket, "KV19")?;
    ensure_eq!(current(&handle)?, Some(b"one".to_vec()), "current");
    bucket.set("KV19", b"foreign")?;
    let Swapped::Lost(fresh) = try_swap(handle, b"two")? else {
        return Err("swap overwrites a foreign set".into());
    };
    ensure_eq!(bucket.get("KV19")?, Some(b"foreign".to_vec()), "get after the failed swap");
    ensure_eq!(current(&fresh)?, Some(b"foreign".to_vec()), "current of the fresh handle");
    ensure!(matches!(try_swap(fresh, b"three")?, Swapped::Done), "the retry fails");
    ensure_eq!(bucket.get("KV19")?, Some(b"three".to_vec()), "get after the retry");
    Ok(bucket.delete("KV19")?)
}

fn appearing(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<Draft2>(query)?;
    bucket.delete("KV19b")?;
    let handle = cas(&bucket, "KV19b")?;
    bucket.set("KV19b", b"")?;
    ensure!(matches!(try_swap(handle, b"x")?, Swapped::Lost(_)), "an empty value counts as missing");
    let handle = cas(&bucket, "KV19b")?;
    bucket.delete("KV19b")?;
    ensure!(matches!(try_swap(handle, b"x")?, Swapped::Lost(_)), "swap revives a deleted key");
    ensure_eq!(bucket.get("KV19b")?, None, "get after the failed swap");
    Ok(())
}

fn unasked(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<Draft2>(query)?;
    bucket.set("KV20", b"one")?;
    let handle = cas(&bucket, "KV20")?;
    bucket.set("KV20", b"foreign")?;
    ensure!(matches!(try_swap(handle, b"two")?, Swapped::Lost(_)), "swap overwrites a foreign set");
    ensure_eq!(bucket.get("KV20")?, Some(b"foreign".to_vec()), "get");
    Ok(bucket.delete("KV20")?)
}

fn interleaved(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<Draft2>(query)?;
    bucket.delete("KV21")?;
    for _ in 0..20 {
        let stale = cas(&bucket, "KV21")?;
        add(&bucket, "KV21", 1)?;
        ensure!(matches!(try_swap(stale, b"0")?, Swapped::Lost(_)), "a stale handle swaps");
    }
    ensure_eq!(bucket.get("KV21")?, Some(b"20".to_vec()), "the sum");
    Ok(bucket.delete("KV21")?)
}
