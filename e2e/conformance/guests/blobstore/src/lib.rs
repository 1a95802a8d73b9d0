//! wasi:blobstore as it was before `finish`: values end when they are dropped.

use blob::{api, fresh, get, named, outgoing, pattern, write, Answer, Container, Writer, Writing};
use harness::http::{IncomingRequest, ResponseOutparam};
use harness::{ensure, rule, Check, Guest, Query};

struct Unfinished;

impl Writing for Unfinished {
    const WRITER: Writer = stream_open;
    const ORDERS: &'static [(&'static str, Writer)] = &[
        ("bytes, write-data with the stream open", stream_open),
        ("write-data, then bytes", data_first),
        ("bytes, stream dropped, write-data", stream_dropped),
    ];
}

/// P1: the stream is alive at `write-data`, and all bytes are in it.
fn stream_open(container: &Container, name: &str, data: &[u8]) -> Answer<()> {
    let (value, stream) = outgoing()?;
    write(&stream, data)?;
    let written = container.write_data(name, &value);
    drop(stream);
    written
}

/// P2 without `finish`: the bytes come after `write-data`.
fn data_first(container: &Container, name: &str, data: &[u8]) -> Answer<()> {
    let (value, stream) = outgoing()?;
    container.write_data(name, &value)?;
    write(&stream, data)?;
    drop(stream);
    drop(value);
    Ok(())
}

/// P4: the stream is gone before `write-data`.
fn stream_dropped(container: &Container, name: &str, data: &[u8]) -> Answer<()> {
    let (value, stream) = outgoing()?;
    write(&stream, data)?;
    drop(stream);
    container.write_data(name, &value)
}

/// BS20.
fn stored_with_stream_alive(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs20")?;
    let data = pattern(200_000);
    let (value, stream) = outgoing()?;
    ensure!(stream.check_write().is_ok_and(|permit| permit > 0), "the first check-write permits nothing");
    write(&stream, &data)?;
    container.write_data("object", &value)?;
    ensure!(get(&container, "object")? == data, "the object differs while the stream is alive");
    drop(stream);
    drop(value);
    ensure!(get(&container, "object")? == data, "the object differs after the drop");
    Ok(api::delete_container(&named(query, "bs20"))?)
}

/// BS19b: one value is written under two names.
fn two_names(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs19b")?;
    let (value, stream) = outgoing()?;
    write(&stream, b"for both")?;
    drop(stream);
    for name in ["a", "b"] {
        container.write_data(name, &value)?;
    }
    drop(value);
    for name in ["a", "b"] {
        ensure!(get(&container, name)? == b"for both", "{name} differs");
    }
    Ok(api::delete_container(&named(query, "bs19b"))?)
}

struct Blobstore;

impl Guest for Blobstore {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let query = Query::of(&request.path_with_query().unwrap_or_default());
        let mut rules = blob::rules::<Unfinished>();
        rules.push(rule(
            "BS20",
            "an object is complete at write-data, the stream still open",
            stored_with_stream_alive,
        ));
        rules.push(rule("BS19b", "one value can be written under two names", two_names));
        let left = blob::verb::<Unfinished>(&request, &query, outparam)
            .and_then(|outparam| harness::run(&request, &query, &rules, outparam));
        if let Some(outparam) = left {
            harness::send(outparam, 404, "text/plain", b"no such path\n");
        }
    }
}

harness::export!(Blobstore with_types_in harness::bindings);
