//! Rules of the atomic and batch functions.

use harness::http::IncomingRequest;
use harness::{ensure, ensure_eq, Check, Query};

use crate::rules::bucket;
use crate::Bucket;

/// KV14.
pub fn increment<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<B>(query)?;
    bucket.delete("KV14")?;
    ensure_eq!(bucket.increment("KV14", 5)?, 5, "on a missing key");
    ensure_eq!(bucket.increment("KV14", 1)?, 6, "on 5");
    ensure_eq!(bucket.increment("KV14", 0)?, 6, "by nothing");
    ensure_eq!(bucket.get("KV14")?, Some(b"6".to_vec()), "get of the counter");
    bucket.set("KV14", b"41")?;
    ensure_eq!(bucket.increment("KV14", 1)?, 42, "on a number that was set");
    Ok(bucket.delete("KV14")?)
}

/// KV16.
pub fn refused<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<B>(query)?;
    for value in ["not a number", "", "18446744073709551615", "1.5"] {
        bucket.set("KV16", value.as_bytes())?;
        let outcome = bucket.increment("KV16", 1);
        ensure!(outcome.is_err(), "{value:?} + 1 is {outcome:?}");
        ensure_eq!(bucket.get("KV16")?, Some(value.into()), "the value after the refusal");
    }
    // A delta beyond what a signed counter holds: an error or the sum, never a trap or something else.
    bucket.delete("KV16")?;
    let most = u64::MAX;
    match bucket.increment("KV16", most) {
        Ok(value) => ensure_eq!(value, most, "increment by the largest delta"),
        Err(_) => ensure_eq!(bucket.get("KV16")?, None, "the value after the refusal"),
    }
    Ok(bucket.delete("KV16")?)
}

/// KV17.
pub fn get_many<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<B>(query)?;
    ensure_eq!(bucket.get_many(&[])?, Vec::<Option<Vec<u8>>>::new(), "of no keys");
    bucket.set("KV17-a", b"a")?;
    bucket.set("KV17-b", b"")?;
    bucket.delete("KV17-none")?;
    let keys = ["KV17-b", "KV17-none", "KV17-a", "KV17-b", "KV17-a"].map(String::from);
    let expected = vec![Some(Vec::new()), None, Some(b"a".to_vec()), Some(Vec::new()), Some(b"a".to_vec())];
    ensure_eq!(bucket.get_many(&keys)?, expected, "values in the order of keys");
    Ok(bucket.delete_many(&keys)?)
}

/// KV18.
pub fn set_many<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<B>(query)?;
    bucket.set_many(&[])?;
    bucket.delete_many(&[])?;
    let entries: Vec<(String, Vec<u8>)> =
        (0..50u8).map(|i| (format!("KV18-{i}"), vec![i; usize::from(i)])).collect();
    bucket.set_many(&entries)?;
    for (key, value) in &entries {
        ensure_eq!(bucket.get(key)?.as_ref(), Some(value), "{key}");
    }
    let mut keys: Vec<String> = entries.into_iter().map(|(key, _)| key).collect();
    keys.push("KV18-never-set".into());
    bucket.delete_many(&keys)?;
    for key in &keys {
        ensure_eq!(bucket.exists(key)?, false, "{key} after delete-many");
    }
    Ok(())
}
