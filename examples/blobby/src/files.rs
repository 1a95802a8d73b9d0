//! Files as objects of one container.

use crate::bindings::wasi::blobstore::blobstore;
use crate::bindings::wasi::blobstore::container::Container;
use crate::bindings::wasi::blobstore::types::{IncomingValue, OutgoingValue};
use crate::bindings::wasi::http::types::IncomingRequest;
use crate::bindings::wasi::io::streams::{InputStream, StreamError};

const CONTAINER: &str = "default";
const CHUNK: u64 = 64 * 1024;

/// The container, made if it is not there.
pub fn container() -> Result<Container, String> {
    if !blobstore::container_exists(CONTAINER)? {
        // Of two first requests one is told that it is there already.
        let _ = blobstore::create_container(CONTAINER);
    }
    blobstore::get_container(CONTAINER)
}

/// How many bytes a file has; none if it is missing.
pub fn size(container: &Container, name: &str) -> Result<Option<u64>, String> {
    if !container.has_object(name)? {
        return Ok(None);
    }
    Ok(Some(container.object_info(name)?.size))
}

/// The bytes of a file that has some: offsets are inclusive.
pub fn open(container: &Container, name: &str, size: u64) -> Result<InputStream, String> {
    let value = container.get_data(name, 0, size - 1)?;
    IncomingValue::incoming_value_consume_async(value)
}

/// Stores the request's body; gives its length. Nothing is stored unless all of it came.
pub fn write(container: &Container, name: &str, request: &IncomingRequest) -> Result<u64, String> {
    let body = request.consume().expect("the body is taken once");
    let from = body.stream().expect("the stream is taken once");
    let value = OutgoingValue::new_outgoing_value();
    let to = value.outgoing_value_write_body().map_err(|()| "the value takes no body".to_string())?;
    container.write_data(name, &value)?;
    let mut bytes = 0;
    loop {
        match to.blocking_splice(&from, CHUNK) {
            Ok(moved) => bytes += moved,
            Err(StreamError::Closed) => break,
            Err(error) => return Err(format!("the upload broke off: {error:?}")),
        }
    }
    to.blocking_flush().map_err(|error| format!("the last bytes: {error:?}"))?;
    // The stream is a child of the value and must go first.
    drop(to);
    OutgoingValue::finish(value)?;
    Ok(bytes)
}

/// What a browser should take a file for.
pub fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
