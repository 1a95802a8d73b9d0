//! Rules of values as resources, and of this generation's compare-and-swap.

use harness::http::IncomingRequest;
use harness::streams::{InputStream, OutputStream, StreamError};
use harness::{ensure, ensure_eq, rule, Check, Query, Rule};
use keyvalue::{bucket, Answer, Bucket};

use crate::bindings::wasi::keyvalue::types::{IncomingValue, OutgoingValue};
use crate::bindings::wasi::keyvalue::{atomic, eventual};
use crate::{outgoing, text, Eventual};

pub const RULES: [Rule; 5] = [
    rule("KV22", "compare-and-swap swaps, or leaves all as it is", compare_and_swap),
    rule("KV23", "a value reads the same by list and by stream; its size is right or unknown", consume),
    rule("KV24", "one outgoing value can be set to two keys", set_twice),
    rule("KV24b", "an outgoing value takes its body by stream, before or after others", by_stream),
    rule("KV25", "a value that was got keeps its bytes", snapshot),
];

fn get(bucket: &Eventual, key: &str) -> Answer<IncomingValue> {
    let found = eventual::get(&bucket.0, key).map_err(text)?;
    found.ok_or_else(|| format!("{key} is missing"))
}

fn read(stream: &InputStream) -> Answer<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(data) => all.extend(data),
            Err(StreamError::Closed) => return Ok(all),
            Err(error) => return Err(format!("the stream breaks: {error:?}")),
        }
    }
}

fn write(stream: &OutputStream, data: &[u8]) -> Answer<()> {
    for chunk in data.chunks(4096) {
        let written = stream.blocking_write_and_flush(chunk);
        written.map_err(|error| format!("the stream breaks: {error:?}"))?;
    }
    Ok(())
}

fn compare_and_swap(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<Eventual>(query)?;
    let swap = |old, new| atomic::compare_and_swap(&bucket.0, "KV22", old, new).map_err(text);
    bucket.delete("KV22")?;
    ensure_eq!(swap(0, 1)?, false, "of a missing key");
    ensure_eq!(bucket.exists("KV22")?, false, "the key after it");
    bucket.set("KV22", b"5")?;
    ensure_eq!(swap(4, 6)?, false, "of another value");
    ensure_eq!(bucket.get("KV22")?, Some(b"5".to_vec()), "the value after it");
    ensure_eq!(swap(5, 6)?, true, "of the value");
    ensure_eq!(bucket.get("KV22")?, Some(b"6".to_vec()), "the value after it");
    Ok(bucket.delete("KV22")?)
}

fn consume(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<Eventual>(query)?;
    for length in [0usize, 1, 4096, 100_000] {
        let data: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        bucket.set("KV23", &data)?;
        let value = get(&bucket, "KV23")?;
        if let Ok(size) = value.incoming_value_size() {
            ensure_eq!(size, length as u64, "size");
        }
        let whole = IncomingValue::incoming_value_consume_sync(value).map_err(text)?;
        ensure!(whole == data, "{length} bytes come back changed by list");
        let value = get(&bucket, "KV23")?;
        let stream = IncomingValue::incoming_value_consume_async(value).map_err(text)?;
        ensure!(read(&stream)? == data, "{length} bytes come back changed by stream");
    }
    Ok(bucket.delete("KV23")?)
}

fn set_twice(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<Eventual>(query)?;
    let value = outgoing(b"for both")?;
    for key in ["KV24-a", "KV24-b"] {
        eventual::set(&bucket.0, key, &value).map_err(text)?;
    }
    drop(value);
    for key in ["KV24-a", "KV24-b"] {
        ensure_eq!(bucket.get(key)?, Some(b"for both".to_vec()), "{key}");
        bucket.delete(key)?;
    }
    Ok(())
}

fn by_stream(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<Eventual>(query)?;
    let data: Vec<u8> = (0..100_000).map(|i| (i % 251) as u8).collect();
    let value = OutgoingValue::new_outgoing_value();
    let stream = value.outgoing_value_write_body_async().map_err(text)?;
    write(&stream, &data)?;
    drop(stream);
    eventual::set(&bucket.0, "KV24c", &value).map_err(text)?;
    ensure!(bucket.get("KV24c")? == Some(data), "a streamed value comes back changed");
    Ok(bucket.delete("KV24c")?)
}

fn snapshot(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<Eventual>(query)?;
    bucket.set("KV25", b"old")?;
    let (one, two) = (get(&bucket, "KV25")?, get(&bucket, "KV25")?);
    bucket.set("KV25", b"newer")?;
    let stream = IncomingValue::incoming_value_consume_async(one).map_err(text)?;
    ensure_eq!(read(&stream)?, b"old".to_vec(), "by stream after an overwrite");
    bucket.delete("KV25")?;
    let whole = IncomingValue::incoming_value_consume_sync(two).map_err(text)?;
    ensure_eq!(whole, b"old".to_vec(), "by list after a delete");
    Ok(())
}
