//! Rules of listing and of names.

use std::collections::BTreeSet;

use harness::http::IncomingRequest;
use harness::{ensure, ensure_eq, Check, Query};

use crate::{api, fresh, get, named, Answer, Container, Writing};

/// Every name, in pieces of so many.
pub fn all(container: &Container, piece: u64) -> Answer<Vec<String>> {
    let listing = container.list_objects()?;
    let mut names = Vec::new();
    for _ in 0..1_000_000 {
        let (some, end) = listing.read_stream_object_names(piece)?;
        if some.len() as u64 > piece {
            return Err(format!("{} names where {piece} were asked for", some.len()));
        }
        names.extend(some);
        if end {
            return Ok(names);
        }
    }
    Err("the listing does not end".into())
}

/// BS16.
pub fn listing<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs16")?;
    ensure_eq!(all(&container, 10)?, Vec::<String>::new(), "names in an empty container");
    let count = query.number("n", 60);
    let expected: BTreeSet<String> = (0..count).map(|i| format!("object/{i:05}")).collect();
    for name in &expected {
        (W::WRITER)(&container, name, b"")?;
    }
    for piece in [1, 7, 100_000] {
        let names = all(&container, piece)?;
        ensure_eq!(names.len() as u64, count, "names in pieces of {piece}");
        let names: BTreeSet<String> = names.into_iter().collect();
        ensure!(names == expected, "other names than were written, in pieces of {piece}");
    }
    let listing = container.list_objects()?;
    ensure_eq!(listing.read_stream_object_names(0)?.0.len(), 0, "names where none were asked for");
    let (skipped, end) = listing.skip_stream_object_names(10)?;
    ensure_eq!((skipped, end), (10, false), "skipping ten");
    let (names, _) = listing.read_stream_object_names(count)?;
    ensure_eq!(names.len() as u64, count - 10, "names after skipping ten");
    let (skipped, end) = container.list_objects()?.skip_stream_object_names(count + 5)?;
    ensure_eq!((skipped, end), (count, true), "skipping more than there are");
    container.clear()?;
    Ok(api::delete_container(&named(query, "bs16"))?)
}

/// BS17.
pub fn churn<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs17")?;
    let still: Vec<String> = (0..30).map(|i| format!("still-{i}")).collect();
    for name in &still {
        (W::WRITER)(&container, name, b"")?;
        (W::WRITER)(&container, &format!("moving-{name}"), b"")?;
    }
    let listing = container.list_objects()?;
    let mut seen = BTreeSet::new();
    for round in 0.. {
        let (names, end) = listing.read_stream_object_names(5)?;
        seen.extend(names);
        if end {
            break;
        }
        ensure!(round < 10_000, "the listing does not end");
        if let Some(name) = still.get(round) {
            container.delete_object(&format!("moving-{name}"))?;
            (W::WRITER)(&container, &format!("new-{name}"), b"")?;
        }
    }
    let lost = still.iter().filter(|name| !seen.contains(*name)).count();
    ensure_eq!(lost, 0, "names that the listing missed");
    Ok(api::delete_container(&named(query, "bs17"))?)
}

/// BS18.
pub fn odd<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs18")?;
    let long = "l".repeat(300);
    let names = [
        "a/b",
        "a//b",
        "/leading",
        "trailing/",
        ".",
        "..",
        "../escape",
        "a/../b",
        "%2F",
        "a b",
        "a\nb",
        "é",
        "e\u{301}",
        "🐹",
        "CON",
        "dot.",
        "a:b",
        "a*?[b]",
        "\\",
        "a",
        "A",
        long.as_str(),
    ];
    let mut kept = Vec::new();
    for name in names {
        match (W::WRITER)(&container, name, name.as_bytes()) {
            Ok(()) => kept.push(name),
            Err(problem) => ensure!(!problem.is_empty(), "{name:?} is refused without a word"),
        }
    }
    for name in &kept {
        ensure_eq!(get(&container, name)?, name.as_bytes().to_vec(), "the object {name:?}");
    }
    let listed: BTreeSet<String> = all(&container, 100)?.into_iter().collect();
    let expected: BTreeSet<String> = kept.iter().map(|name| name.to_string()).collect();
    ensure_eq!(listed, expected, "names listed");
    for name in &kept {
        container.delete_object(name)?;
        ensure_eq!(container.has_object(name)?, false, "{name:?} after delete");
    }
    Ok(api::delete_container(&named(query, "bs18"))?)
}
