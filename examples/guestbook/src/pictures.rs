//! Pictures in `wasi:blobstore`, under random names that end with their type.

use crate::bindings::wasi::blobstore::blobstore;
use crate::bindings::wasi::blobstore::container::Container;
use crate::bindings::wasi::blobstore::types::{IncomingValue, OutgoingValue};
use crate::bindings::wasi::http::types::IncomingRequest;
use crate::bindings::wasi::random::random;
use crate::web::{self, Problem, Reply};

const CONTAINER: &str = "pictures";
const LIMIT: usize = 5 << 20;
const TYPES: [(&str, &str); 4] =
    [("image/png", "png"), ("image/jpeg", "jpg"), ("image/gif", "gif"), ("image/webp", "webp")];

fn unreachable(text: String) -> Problem {
    Problem::new(502, &format!("The pictures cannot be reached: {text}"))
}

/// The container, made if it is not there.
fn container() -> Result<Container, String> {
    if !blobstore::container_exists(CONTAINER)? {
        // Of two first requests one is told that it is there already.
        let _ = blobstore::create_container(CONTAINER);
    }
    blobstore::get_container(CONTAINER)
}

/// Whether a name is one that `store` gives.
pub fn is_name(name: &str) -> bool {
    let plain = |part: &str| part.len() == 16 && part.bytes().all(|b| b.is_ascii_hexdigit());
    name.split_once('.').is_some_and(|(stem, ending)| plain(stem) && TYPES.iter().any(|(_, e)| *e == ending))
}

/// Keeps the request's body; gives its name.
pub fn store(request: &IncomingRequest) -> Result<String, Problem> {
    let kind = web::header(request, "content-type");
    let Some((_, ending)) = TYPES.iter().find(|(known, _)| *known == kind) else {
        return Err(Problem::new(415, "A PNG, JPEG, GIF or WebP picture, please."));
    };
    let data = web::body(request, LIMIT)?;
    let name = format!("{:016x}.{ending}", random::get_random_u64());
    write(&name, &data).map_err(unreachable)?;
    Ok(name)
}

fn write(name: &str, data: &[u8]) -> Result<(), String> {
    let container = container()?;
    let value = OutgoingValue::new_outgoing_value();
    let stream = value.outgoing_value_write_body().map_err(|()| "the value takes no body".to_string())?;
    container.write_data(name, &value)?;
    for chunk in data.chunks(4096) {
        let written = stream.blocking_write_and_flush(chunk);
        written.map_err(|error| format!("{error:?}"))?;
    }
    // The stream is a child of the value and must go first.
    drop(stream);
    OutgoingValue::finish(value)
}

/// A picture as a reply that streams.
pub fn load(name: &str) -> Result<Reply, Problem> {
    let missing = || Problem::new(404, "No such picture.");
    if !is_name(name) {
        return Err(missing());
    }
    let container = container().map_err(unreachable)?;
    if !container.has_object(name).map_err(unreachable)? {
        return Err(missing());
    }
    let value = container.get_data(name, 0, u64::MAX).map_err(unreachable)?;
    let stream = IncomingValue::incoming_value_consume_async(value).map_err(unreachable)?;
    let known = TYPES.iter().find(|(_, ending)| name.ends_with(ending));
    let kind = known.map_or("application/octet-stream", |(kind, _)| kind);
    Ok(Reply::picture(kind, stream))
}
