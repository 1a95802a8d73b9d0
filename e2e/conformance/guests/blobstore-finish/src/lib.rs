//! wasi:blobstore with `finish`: a value counts when it is finished, and not before.

use blob::{
    api, fresh, get, named, outgoing, pattern, write, Answer, Container, OutgoingValue, Writer, Writing,
};
use harness::http::{IncomingRequest, ResponseOutparam};
use harness::{ensure, ensure_eq, rule, Broken, Check, Guest, Query};

struct Finished;

impl Writing for Finished {
    const WRITER: Writer = data_first;
    const ORDERS: &'static [(&'static str, Writer)] = &[
        ("write-data, then bytes, finish", data_first),
        ("bytes, stream dropped, write-data, finish", data_last),
    ];
}

/// P2.
fn data_first(container: &Container, name: &str, data: &[u8]) -> Answer<()> {
    let (value, stream) = outgoing()?;
    container.write_data(name, &value)?;
    write(&stream, data)?;
    drop(stream);
    OutgoingValue::finish(value)
}

/// P3.
fn data_last(container: &Container, name: &str, data: &[u8]) -> Answer<()> {
    let (value, stream) = outgoing()?;
    write(&stream, data)?;
    drop(stream);
    container.write_data(name, &value)?;
    OutgoingValue::finish(value)
}

/// BS19.
fn unfinished(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs19")?;
    let (value, stream) = outgoing()?;
    let second = value.outgoing_value_write_body();
    ensure!(second.is_err(), "a second body succeeds");
    container.write_data("new", &value)?;
    write(&stream, b"never finished")?;
    ensure_eq!(container.has_object("new")?, false, "a new object before finish");
    drop(stream);
    drop(value);
    ensure_eq!(container.has_object("new")?, false, "a new object that was not finished");

    data_first(&container, "old", b"old")?;
    let (value, stream) = outgoing()?;
    container.write_data("old", &value)?;
    write(&stream, b"never finished")?;
    drop(stream);
    drop(value);
    ensure_eq!(get(&container, "old")?, b"old".to_vec(), "the old object after an unfinished write");
    Ok(api::delete_container(&named(query, "bs19"))?)
}

/// BS19c: the body lives when the value is finished. The host must end the instance: an answer is a broken rule.
fn finished_with_stream_alive(_: &IncomingRequest, query: &Query) -> Check {
    if query.path == "/all" {
        return Err(Broken::Skipped("it ends the instance: ask for it alone".into()));
    }
    let container = fresh(query, "bs19c")?;
    let (value, stream) = outgoing()?;
    container.write_data("object", &value)?;
    write(&stream, &pattern(10))?;
    let said = OutgoingValue::finish(value);
    drop(stream);
    Err(format!("finish with a live stream said {said:?} instead of a trap").into())
}

struct BlobstoreFinish;

impl Guest for BlobstoreFinish {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let query = Query::of(&request.path_with_query().unwrap_or_default());
        let mut rules = blob::rules::<Finished>();
        rules.push(rule("BS19", "what is not finished is not there", unfinished));
        rules.push(rule(
            "BS19c",
            "finishing with a live stream ends the instance",
            finished_with_stream_alive,
        ));
        let left = blob::verb::<Finished>(&request, &query, outparam)
            .and_then(|outparam| harness::run(&request, &query, &rules, outparam));
        if let Some(outparam) = left {
            harness::send(outparam, 404, "text/plain", b"no such path\n");
        }
    }
}

harness::export!(BlobstoreFinish with_types_in harness::bindings);
