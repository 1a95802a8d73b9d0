//! The host's functions, with their answers read.

use crate::bindings::wasicloud::bridge::exchange;
use wire::{Answer, Fault};

pub use exchange::{monotonic_now, wall_now};

/// No deadline.
pub const NEVER: u64 = u64::MAX;
/// The request being served (to read) and its response (to write).
pub const SERVED: u32 = 0;
/// The most bytes in one crossing of a body.
pub const CHUNK: usize = 256 << 10;

/// What a handle may become ready for.
#[derive(Clone, Copy)]
pub enum Event {
    Read,
    Write,
    Head,
    Trailers,
}

impl Event {
    fn letter(self) -> char {
        match self {
            Event::Read => 'r',
            Event::Write => 'w',
            Event::Head => 'h',
            Event::Trailers => 't',
        }
    }
}

/// Random bytes, as base64.
pub fn random(len: u32) -> Vec<u8> {
    wire::decode_base64(exchange::random(len).as_bytes()).expect("base64 from the host")
}

/// Wait until one of the events happened or the deadline passed; the positions of those that happened.
pub fn wait(interests: &[(u32, Event)], deadline: u64) -> Vec<usize> {
    let text: Vec<String> = interests.iter().map(|(h, e)| format!("{h}:{}", e.letter())).collect();
    let ready = Answer::payload(exchange::wait(&text.join(","), deadline)).expect("wait never fails");
    ready.split(',').filter_map(|i| i.parse().ok()).collect()
}

/// What reading gives.
pub enum Read {
    Bytes(Vec<u8>),
    End,
    Wait,
}

/// The next bytes of a handle.
pub fn read(handle: u32, block: bool) -> Result<Read, Fault> {
    let text = exchange::stream_read(handle, CHUNK as u32, block.into());
    Ok(match text.as_bytes().first() {
        // The large case first and without moving the text: this is the path of every body.
        Some(b'o') => Read::Bytes(wire::decode_data(&text.as_bytes()[1..])),
        Some(b'n') => Read::End,
        Some(b'w') => Read::Wait,
        _ => return Err(Answer::parse(text).expect_err("an answer from the host")),
    })
}

/// Give bytes to a handle; false: not now.
pub fn write(handle: u32, bytes: &[u8], block: bool) -> Result<bool, Fault> {
    let answer = exchange::stream_write(handle, &wire::encode_data(bytes), block.into());
    Ok(Answer::parse(answer)? != Answer::Wait)
}

/// End a body.
pub fn finish(handle: u32, trailers: &str) -> Result<(), Fault> {
    Answer::payload(exchange::stream_finish(handle, trailers)).map(drop)
}

/// Break a body off.
pub fn abort(handle: u32) {
    exchange::stream_abort(handle);
}

/// The trailers of a body: `None` until they are there, then the lines, if any.
pub fn trailers(handle: u32) -> Option<Result<Option<String>, Fault>> {
    Some(match Answer::parse(exchange::stream_trailers(handle)) {
        Ok(Answer::Wait) => return None,
        Ok(Answer::Ok(lines)) => Ok(Some(lines)),
        Ok(_) => Ok(None),
        Err(fault) => Err(fault),
    })
}

/// The head of the response to an outgoing request: `None` until it is there.
pub fn response_head(handle: u32) -> Option<Result<String, Fault>> {
    match Answer::parse(exchange::future_poll(handle)) {
        Ok(Answer::Wait) => None,
        Ok(Answer::Ok(head)) => Some(Ok(head)),
        Ok(_) => panic!("an answer from the host"),
        Err(fault) => Some(Err(fault)),
    }
}

/// Send a 1xx answer.
pub fn informational(status: u16, headers: &str) -> Result<(), Fault> {
    Answer::payload(exchange::response_informational(status.into(), headers)).map(drop)
}

/// Send the head of the response.
pub fn start_response(head: &str) -> Result<(), Fault> {
    Answer::payload(exchange::response_start(head)).map(drop)
}

/// A handle that the host closes when its last user is gone.
pub struct Handle(pub u32);

impl Drop for Handle {
    fn drop(&mut self) {
        exchange::stream_drop(self.0);
    }
}
