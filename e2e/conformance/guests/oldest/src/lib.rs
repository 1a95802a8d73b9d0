//! The oldest shape of each interface, under names that newer shapes have too: values consumed by methods,
//! configuration in bytes, logging without a version.

#[allow(warnings)]
mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../../wit/deps/wasi-io",
            "wit/deps/keyvalue",
            "wit/deps/blobstore",
            "wit/deps/config-draft",
            "wit/deps/logging",
            "wit/world.wit",
        ],
        world: "guests:oldest/guest",
        with: {
            "wasi:io/error@0.2.12": harness::bindings::wasi::io::error,
            "wasi:io/poll@0.2.12": harness::bindings::wasi::io::poll,
            "wasi:io/streams@0.2.12": harness::bindings::wasi::io::streams,
        },
        generate_all,
    });
}

use bindings::wasi::blobstore::blobstore;
use bindings::wasi::blobstore::types as blobs;
use bindings::wasi::config::{runtime, store};
use bindings::wasi::keyvalue::eventual;
use bindings::wasi::keyvalue::types::{Bucket, Error, OutgoingValue};
use bindings::wasi::logging::logging::{log, Level};
use harness::http::{IncomingRequest, ResponseOutparam};
use harness::streams::{InputStream, StreamError};
use harness::{ensure, ensure_eq, rule, Broken, Check, Guest, Query, Rule};

const RULES: [Rule; 5] = [
    rule("KV23m", "values that are consumed by methods, of keyvalue 0.1.0", keyvalue),
    rule("BS07m", "values that are consumed by methods, of the first blobstore", blobs_by_method),
    rule("CF01b", "configuration in bytes (?key=&value=)", config_bytes),
    rule("CF01s", "configuration as text by config/store before rc.1 (?key=&value=)", config_text),
    rule("LG01u", "logging without a version (?text=)", logging),
];

fn trace(error: Error) -> String {
    error.trace()
}

fn read(stream: &InputStream) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(data) => all.extend(data),
            Err(StreamError::Closed) => return Ok(all),
            Err(error) => return Err(format!("the stream breaks: {error:?}")),
        }
    }
}

fn keyvalue(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = Bucket::open_bucket(query.text("bucket", "default")).map_err(trace)?;
    let outgoing = OutgoingValue::new_outgoing_value();
    outgoing.outgoing_value_write_body_sync(b"value").map_err(trace)?;
    eventual::set(&bucket, "KV23m", &outgoing).map_err(trace)?;
    let get = || eventual::get(&bucket, "KV23m").map_err(trace);
    let Some(value) = get()? else { return Err("the key is missing".into()) };
    if let Ok(size) = value.incoming_value_size() {
        ensure_eq!(size, 5, "size");
    }
    ensure_eq!(value.incoming_value_consume_sync().map_err(trace)?, b"value".to_vec(), "by list");
    let Some(value) = get()? else { return Err("the key is missing".into()) };
    let stream = value.incoming_value_consume_async().map_err(trace)?;
    ensure_eq!(read(&stream)?, b"value".to_vec(), "by stream");
    eventual::delete(&bucket, "KV23m").map_err(trace)?;
    ensure_eq!(eventual::exists(&bucket, "KV23m").map_err(trace)?, false, "exists after delete");
    Ok(())
}

fn blobs_by_method(_: &IncomingRequest, query: &Query) -> Check {
    let name = query.text("container", "guest-oldest");
    if !blobstore::container_exists(name)? {
        blobstore::create_container(name)?;
    }
    let container = blobstore::get_container(name)?;
    let value = blobs::OutgoingValue::new_outgoing_value();
    let stream = value.outgoing_value_write_body().map_err(|()| "the body is refused")?;
    ensure!(stream.blocking_write_and_flush(b"0123456789").is_ok(), "the body breaks");
    container.write_data("object", &value)?;
    drop(stream);
    drop(value);
    let value = container.get_data("object", 2, 5)?;
    ensure_eq!(value.size(), 4, "size");
    ensure_eq!(value.incoming_value_consume_sync()?, b"2345".to_vec(), "by list");
    let value = container.get_data("object", 0, u64::MAX)?;
    ensure_eq!(read(&value.incoming_value_consume_async()?)?, b"0123456789".to_vec(), "by stream");
    Ok(container.delete_object("object")?)
}

fn wanted(query: &Query) -> Result<(&str, &str), Broken> {
    match (query.get("key"), query.get("value")) {
        (Some(key), Some(value)) => Ok((key, value)),
        _ => Err(Broken::Skipped("no key and value are given".into())),
    }
}

fn config_bytes(_: &IncomingRequest, query: &Query) -> Check {
    let (key, value) = wanted(query)?;
    let text = |error: runtime::ConfigError| format!("{error:?}");
    ensure_eq!(runtime::get(key).map_err(text)?, Some(value.as_bytes().to_vec()), "get");
    ensure_eq!(runtime::get("absent").map_err(text)?, None, "get of a missing key");
    let entry = (key.to_string(), value.as_bytes().to_vec());
    ensure!(runtime::get_all().map_err(text)?.contains(&entry), "get-all does not hold it");
    Ok(())
}

fn config_text(_: &IncomingRequest, query: &Query) -> Check {
    let (key, value) = wanted(query)?;
    let text = |error: store::Error| format!("{error:?}");
    ensure_eq!(store::get(key).map_err(text)?, Some(value.to_string()), "get");
    Ok(())
}

fn logging(_: &IncomingRequest, query: &Query) -> Check {
    log(Level::Info, "oldest", query.text("text", "LG01u was here"));
    Ok(())
}

struct Oldest;

impl Guest for Oldest {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let query = Query::of(&request.path_with_query().unwrap_or_default());
        if let Some(outparam) = harness::run(&request, &query, &RULES, outparam) {
            harness::send(outparam, 404, "text/plain", b"no such path\n");
        }
    }
}

harness::export!(Oldest with_types_in harness::bindings);
