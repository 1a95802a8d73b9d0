//! Rules about header fields.

use harness::http::{Fields, HeaderError, IncomingRequest};
use harness::{ensure, ensure_eq, Broken, Check, Query};

/// What a guest may not set: the connection is the host's.
const FORBIDDEN: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "host",
    "http2-settings",
];

/// HT02: the headers of a request cannot be changed; a clone of them can.
pub fn immutable(request: &IncomingRequest, _query: &Query) -> Check {
    let headers = request.headers();
    let before = headers.entries();
    let value = [b"1".to_vec()];
    ensure!(
        matches!(headers.set("x-a", &value), Err(HeaderError::Immutable)),
        "set is not refused as immutable"
    );
    ensure!(
        matches!(headers.append("x-a", b"1"), Err(HeaderError::Immutable)),
        "append is not refused as immutable"
    );
    ensure!(
        matches!(headers.delete("accept"), Err(HeaderError::Immutable)),
        "delete is not refused as immutable"
    );
    ensure_eq!(headers.entries(), before, "entries after refused changes");
    let copy = headers.clone();
    ensure!(copy.append("x-a", b"1").is_ok(), "a clone is immutable too");
    ensure_eq!(headers.has("x-a"), false, "the clone's change in the original");
    Ok(())
}

/// HT03: forbidden names and bad syntax are told apart, in any case, by every way to set a field.
pub fn forbidden(_request: &IncomingRequest, _query: &Query) -> Check {
    for name in FORBIDDEN {
        for spelling in [name.to_string(), name.to_uppercase()] {
            let fields = Fields::new();
            let set = fields.set(&spelling, &[b"1".to_vec()]);
            ensure!(matches!(set, Err(HeaderError::Forbidden)), "set {spelling}: {set:?}");
            let append = fields.append(&spelling, b"1");
            ensure!(matches!(append, Err(HeaderError::Forbidden)), "append {spelling}: {append:?}");
            let list = Fields::from_list(&[(spelling.clone(), b"1".to_vec())]);
            ensure!(matches!(list, Err(HeaderError::Forbidden)), "from-list {spelling}: {list:?}");
        }
    }
    for name in ["", "a b", "a:b", "a\nb", "ä", "a\0", "(a)"] {
        let set = Fields::new().set(name, &[b"1".to_vec()]);
        ensure!(matches!(set, Err(HeaderError::InvalidSyntax)), "name {name:?}: {set:?}");
    }
    for value in ["a\nb", "a\r\nb: c", "a\0"] {
        let set = Fields::new().set("x-a", &[value.as_bytes().to_vec()]);
        ensure!(matches!(set, Err(HeaderError::InvalidSyntax)), "value {value:?}: {set:?}");
        let append = Fields::new().append("x-a", value.as_bytes());
        ensure!(matches!(append, Err(HeaderError::InvalidSyntax)), "value {value:?}: {append:?}");
    }
    Ok(())
}

/// Fields are a multimap whose names compare without case and keep the order of values.
pub fn multimap(_request: &IncomingRequest, _query: &Query) -> Check {
    let fields = Fields::new();
    for value in ["one", "two"] {
        ensure!(fields.append("X-Many", value.as_bytes()).is_ok(), "append {value}");
    }
    let both = vec![b"one".to_vec(), b"two".to_vec()];
    ensure_eq!(fields.get("x-many"), both, "values by another case, in order");
    ensure!(fields.has("x-MANY"), "has by another case");
    ensure!(fields.set("x-many", &[b"three".to_vec()]).is_ok(), "set");
    ensure_eq!(fields.get("X-Many"), vec![b"three".to_vec()], "set replaces all");
    ensure!(fields.append("x-empty", b"").is_ok(), "an empty value");
    ensure_eq!(fields.get("x-empty"), vec![Vec::<u8>::new()], "an empty value");
    ensure!(fields.append("x-bytes", &[0xff, 0xfe]).is_ok(), "a value that is not UTF-8");
    ensure_eq!(fields.get("x-bytes"), vec![vec![0xff, 0xfe]], "a value that is not UTF-8");
    ensure!(fields.delete("X-MANY").is_ok(), "delete");
    ensure_eq!(fields.has("x-many"), false, "has after delete");
    ensure_eq!(fields.get("x-many"), Vec::<Vec<u8>>::new(), "get of an absent name");
    ensure!(fields.delete("x-absent").is_ok(), "delete of an absent name");
    ensure_eq!(fields.get("not a name"), Vec::<Vec<u8>>::new(), "get of a bad name");
    ensure_eq!(fields.has("not a name"), false, "has of a bad name");
    ensure_eq!(fields.entries().len(), 2, "entries left");
    Ok(())
}

/// HT15: more header bytes than anybody needs are refused, or kept, but the host lives.
/// A host may also end the instance, so this one is not among `/all`.
pub fn oversized(_request: &IncomingRequest, query: &Query) -> Check {
    if query.path == "/all" {
        return Err(Broken::Skipped("it may end the instance: ask for it alone".into()));
    }
    let fields = Fields::new();
    let value = vec![b'v'; 1024];
    let mut kept = 0;
    for index in 0..256 {
        match fields.append(&format!("x-{index}"), &value) {
            Ok(()) => kept += 1,
            Err(_) => break,
        }
    }
    ensure_eq!(fields.entries().len(), kept, "fields kept");
    Ok(())
}
