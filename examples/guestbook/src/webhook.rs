//! Tells another server of an entry, by outgoing HTTP.

use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    Fields, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};

const SECOND: u64 = 1_000_000_000;

/// POSTs `json` to `url`. An error says what is missing.
pub fn call(url: &str, json: &str) -> Result<(), String> {
    let (scheme, rest) = url.split_once("://").ok_or("it is not scheme://host/path")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let headers = Fields::new();
    let kind = b"application/json".to_vec();
    headers.set("content-type", &[kind]).expect("a plain header is allowed");
    let request = OutgoingRequest::new(headers);
    let bad = |()| "it is malformed".to_string();
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    request.set_method(&Method::Post).map_err(bad)?;
    request.set_scheme(Some(&scheme)).map_err(bad)?;
    request.set_authority(Some(authority)).map_err(bad)?;
    request.set_path_with_query(Some(path)).map_err(bad)?;

    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(SECOND));
    let _ = options.set_first_byte_timeout(Some(2 * SECOND));
    let body = request.body().expect("the body is taken once");
    let future = outgoing_handler::handle(request, Some(options)).map_err(|code| format!("{code:?}"))?;
    let stream = body.write().expect("the stream is taken once");
    for chunk in json.as_bytes().chunks(4096) {
        stream.blocking_write_and_flush(chunk).map_err(|error| format!("{error:?}"))?;
    }
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|code| format!("{code:?}"))?;
    future.subscribe().block();
    match future.get() {
        Some(Ok(Ok(response))) if response.status() < 300 => Ok(()),
        Some(Ok(Ok(response))) => Err(format!("it answered {}", response.status())),
        Some(Ok(Err(code))) => Err(format!("{code:?}")),
        other => Err(format!("{other:?}")),
    }
}
