//! The rules of wasi:blobstore, and verbs to read and write from outside.
//!
//! A guest says how it writes (`Writer`). One that never calls `finish` does not import it: that is
//! how the interface looked before the function existed.

#[allow(warnings)]
pub mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../../wit/deps/wasi-io",
            "../../../../wit/deps/wasi-blobstore",
            "wit",
        ],
        world: "guests:blob/blob",
        with: {
            "wasi:io/error@0.2.12": harness::bindings::wasi::io::error,
            "wasi:io/poll@0.2.12": harness::bindings::wasi::io::poll,
            "wasi:io/streams@0.2.12": harness::bindings::wasi::io::streams,
        },
        generate_all,
    });
}

mod containers;
mod names;
mod objects;
mod ranges;
mod verbs;

pub use bindings::wasi::blobstore::blobstore as api;
pub use bindings::wasi::blobstore::container::Container;
pub use bindings::wasi::blobstore::types::{IncomingValue, ObjectId, OutgoingValue};
pub use verbs::verb;

use harness::streams::{InputStream, OutputStream, StreamError};
use harness::{rule, Query, Rule};

pub type Answer<T> = Result<T, String>;

/// Writes an object: which calls, in which order.
pub type Writer = fn(&Container, &str, &[u8]) -> Answer<()>;

/// What the rules write with.
pub trait Writing {
    /// The order for rules about something else.
    const WRITER: Writer;
    /// Every order that must work, by its name.
    const ORDERS: &'static [(&'static str, Writer)];
}

/// All rules, over a guest's ways to write.
pub fn rules<W: Writing>() -> Vec<Rule> {
    vec![
        rule("BS01", "a container exists once it is created, and is created once", containers::create),
        rule("BS02", "a container tells its name and when it was made", containers::info),
        rule(
            "BS03",
            "what is written is what is read, in every order of calls (?big=1: 16 MiB too)",
            objects::round_trip::<W>,
        ),
        rule("BS05", "offsets of get-data are inclusive and clamped", ranges::inclusive::<W>),
        rule("BS06", "the size of a value is what it delivers", ranges::size::<W>),
        rule("BS07", "a value reads the same by list and by stream", ranges::consume::<W>),
        rule("BS08", "a value that was got keeps its bytes", ranges::snapshot::<W>),
        rule("BS09", "get-data of a missing object is an error at once", ranges::missing),
        rule("BS10", "deleting what is not there is no error", objects::delete::<W>),
        rule("BS11", "has-object and object-info agree, with size, container and name", objects::info::<W>),
        rule("BS12", "clear empties this container alone", containers::clear::<W>),
        rule(
            "BS13",
            "a deleted container takes its objects with it, and its handles err",
            containers::delete::<W>,
        ),
        rule("BS14", "copy overwrites, and needs the target container", objects::copy::<W>),
        rule(
            "BS15",
            "move is copy and delete; a failed one keeps the source, one onto itself too",
            objects::relocate::<W>,
        ),
        rule("BS16", "a listing gives every name once, in pieces of any size (?n=)", names::listing::<W>),
        rule("BS17", "a listing during changes ends", names::churn::<W>),
        rule("BS18", "any text names an object, or is refused cleanly", names::odd::<W>),
    ]
}

/// A container of the rule's own, empty.
pub fn fresh(query: &Query, id: &str) -> Answer<Container> {
    let name = named(query, id);
    if api::container_exists(&name)? {
        api::delete_container(&name)?;
    }
    // Some backends take a while to forget a name; they say so, and a person would try again.
    for _ in 0..60 {
        match api::create_container(&name) {
            Ok(container) => return Ok(container),
            Err(problem) if !problem.contains("being deleted") => return Err(problem),
            Err(_) => harness::sleep(500),
        }
    }
    Err(format!("the container {name} cannot be created again"))
}

/// The full name of a rule's container.
pub fn named(query: &Query, id: &str) -> String {
    format!("{}guest-{id}", query.text("prefix", ""))
}

/// All bytes of an object.
pub fn get(container: &Container, name: &str) -> Answer<Vec<u8>> {
    IncomingValue::incoming_value_consume_sync(container.get_data(name, 0, u64::MAX)?)
}

pub fn read(stream: &InputStream) -> Answer<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(data) => all.extend(data),
            Err(StreamError::Closed) => return Ok(all),
            Err(error) => return Err(format!("the stream breaks: {error:?}")),
        }
    }
}

/// Writes as much at once as the stream permits, and waits until it is taken.
pub fn write(stream: &OutputStream, mut data: &[u8]) -> Answer<()> {
    let broken = |error: StreamError| format!("the stream breaks: {error:?}");
    while !data.is_empty() {
        let permit = stream.check_write().map_err(broken)? as usize;
        if permit == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = data.split_at(permit.min(data.len()));
        stream.write(now).map_err(broken)?;
        data = later;
    }
    stream.blocking_flush().map_err(broken)
}

/// A new outgoing value and its body.
pub fn outgoing() -> Answer<(OutgoingValue, OutputStream)> {
    let value = OutgoingValue::new_outgoing_value();
    let stream = value.outgoing_value_write_body();
    Ok((value, stream.map_err(|()| "the body is refused".to_string())?))
}

/// An object by its container and name.
pub fn id(container: &str, object: &str) -> ObjectId {
    ObjectId { container: container.into(), object: object.into() }
}

/// Bytes that differ from place to place.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}
