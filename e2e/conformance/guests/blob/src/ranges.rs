//! Rules of reading: ranges, sizes, snapshots.

use harness::http::IncomingRequest;
use harness::{ensure, ensure_eq, Check, Query};

use crate::{api, fresh, named, pattern, read, IncomingValue, Writing};

/// BS05.
pub fn inclusive<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs05")?;
    (W::WRITER)(&container, "digits", b"0123456789")?;
    let cases: [(u64, u64, &[u8]); 9] = [
        (0, 0, b"0"),
        (2, 5, b"2345"),
        (0, 9, b"0123456789"),
        (0, 10, b"0123456789"),
        (0, u64::MAX, b"0123456789"),
        (9, 9, b"9"),
        (10, 20, b""),
        (5, 2, b""),
        (u64::MAX, u64::MAX, b""),
    ];
    for (start, end, expected) in cases {
        let value = container.get_data("digits", start, end)?;
        let got = IncomingValue::incoming_value_consume_sync(value)?;
        ensure_eq!(got, expected.to_vec(), "bytes {start} to {end}");
    }
    (W::WRITER)(&container, "empty", b"")?;
    let value = container.get_data("empty", 0, 0)?;
    ensure_eq!(value.size(), 0, "size of nothing");
    Ok(api::delete_container(&named(query, "bs05"))?)
}

/// BS06.
pub fn size<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs06")?;
    (W::WRITER)(&container, "object", &pattern(100_000))?;
    for (start, end, expected) in [(0, u64::MAX, 100_000), (10, 19, 10), (99_999, 200_000, 1)] {
        let value = container.get_data("object", start, end)?;
        ensure_eq!(value.size(), expected, "size of {start} to {end}");
        let got = IncomingValue::incoming_value_consume_sync(value)?;
        ensure_eq!(got.len() as u64, expected, "bytes of {start} to {end}");
    }
    Ok(api::delete_container(&named(query, "bs06"))?)
}

/// BS07.
pub fn consume<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs07")?;
    for length in [0, 1, 100_000, 3 << 20] {
        let data = pattern(length);
        (W::WRITER)(&container, "object", &data)?;
        let value = container.get_data("object", 0, u64::MAX)?;
        let stream = IncomingValue::incoming_value_consume_async(value)?;
        ensure!(read(&stream)? == data, "{length} bytes come back changed by stream");
        let end = stream.blocking_read(1);
        ensure!(end.is_err(), "the stream goes on after its end");
    }
    Ok(api::delete_container(&named(query, "bs07"))?)
}

/// BS08.
pub fn snapshot<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs08")?;
    let (old, new) = (pattern(200_000), vec![b'n'; 300_000]);
    (W::WRITER)(&container, "object", &old)?;
    let overwritten = container.get_data("object", 0, u64::MAX)?;
    let deleted = container.get_data("object", 0, u64::MAX)?;
    (W::WRITER)(&container, "object", &new)?;
    let stream = IncomingValue::incoming_value_consume_async(overwritten)?;
    ensure!(read(&stream)? == old, "other bytes after an overwrite");
    container.delete_object("object")?;
    let got = IncomingValue::incoming_value_consume_sync(deleted)?;
    ensure!(got == old, "other bytes after a delete");
    Ok(api::delete_container(&named(query, "bs08"))?)
}

/// BS09.
pub fn missing(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs09")?;
    ensure!(container.get_data("absent", 0, 10).is_err(), "get-data succeeds");
    Ok(api::delete_container(&named(query, "bs09"))?)
}
