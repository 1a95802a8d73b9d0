//! The response to the request being served: when it goes out, and what the final answer is.
//!
//! A small response stays here until the handler returned, and leaves with the final answer. It is handed over
//! earlier when it outgrows `LARGE`, when the guest flushes a second time, or before the host is made to wait.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::outgoing::{Body, End, OutgoingResponse};
use super::{codes, fields};
use crate::bindings::exports::wasi::http::types::{self, ErrorCode};
use crate::host;
use crate::io::output::{Sink, Target};
use wire::Fault;

/// A response with more buffered bytes than this is streamed.
pub const LARGE: usize = 64 << 10;

/// A response with a flush that waits is not kept back longer than this, if the guest looks at the clock.
const PATIENCE: u64 = 5_000_000;

/// Whether a flush waits for the handler's return, and since when, as far as a clock was looked at.
#[derive(Clone, Copy)]
enum Flushed {
    No,
    Waits,
    Since(u64),
}

struct Response {
    status: u16,
    headers: fields::Headers,
    body: Option<Rc<Body>>,
    started: bool,
}

thread_local! {
    /// Counts requests, so that what belongs to an earlier one is known as stale.
    static NUMBER: Cell<u32> = const { Cell::new(0) };
    static BODILESS: Cell<bool> = const { Cell::new(false) };
    static FLUSHES: Cell<u32> = const { Cell::new(0) };
    static FLUSHED: Cell<Flushed> = const { Cell::new(Flushed::No) };
    static RESPONSE: RefCell<Option<Result<Response, ErrorCode>>> = const { RefCell::new(None) };
    /// Other sinks that must not sit on bytes while the host waits.
    static EAGER: RefCell<Vec<Weak<Sink>>> = const { RefCell::new(Vec::new()) };
}

/// A new request begins; its number.
pub fn begin(method: &str) -> u32 {
    NUMBER.set(NUMBER.get().wrapping_add(1));
    BODILESS.set(method == "HEAD");
    FLUSHES.set(0);
    FLUSHED.set(Flushed::No);
    RESPONSE.take();
    NUMBER.get()
}

/// Whether this is the request being served.
pub fn is_current(number: u32) -> bool {
    NUMBER.get() == number
}

/// Whether the response to the present request has a body by nature.
pub fn is_bodiless(status: u16) -> bool {
    BODILESS.get() || matches!(status, 204 | 304)
}

/// Push this sink, too, before the host waits.
pub fn hurry(sink: &Rc<Sink>) {
    EAGER.with_borrow_mut(|eager| {
        eager.retain(|sink| sink.strong_count() > 0);
        eager.push(Rc::downgrade(sink));
    });
}

/// Whether a flush shall reach the client now. The first one may wait for the handler's return.
pub fn flush_is_due() -> bool {
    FLUSHES.set(FLUSHES.get() + 1);
    let first = FLUSHES.get() == 1;
    FLUSHED.set(if first { Flushed::Waits } else { Flushed::No });
    !first
}

/// The guest learns the time: one that counts it away instead of waiting shall not keep its client waiting.
pub fn tick(now: u64) {
    match FLUSHED.get() {
        Flushed::No => {}
        Flushed::Waits => FLUSHED.set(Flushed::Since(now)),
        Flushed::Since(then) if now - then > PATIENCE => hand_over(),
        Flushed::Since(_) => {}
    }
}

fn head(response: &Response) -> Vec<u8> {
    let mut head = format!("{}\n", response.status).into_bytes();
    fields::write(&response.headers.borrow(), &mut head);
    head
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("heads are text")
}

/// Send the head, unless it was.
pub fn start() -> Result<(), Fault> {
    let mut set = RESPONSE.take();
    let mut outcome = Ok(());
    if let Some(Ok(response)) = set.as_mut().filter(|set| matches!(set, Ok(r) if !r.started)) {
        let mut head = head(response);
        if let Some(length) = response.body.as_ref().and_then(|body| body.complete_length()) {
            if fields::content_length(&response.headers.borrow()).is_none() && !is_bodiless(response.status) {
                head.extend_from_slice(format!("content-length: {length}\n").as_bytes());
            }
        }
        head.push(b'\n');
        response.started = true;
        outcome = host::start_response(&text(head));
    }
    RESPONSE.set(set);
    outcome
}

/// Before the host is made to wait: nobody shall wait for bytes that are here.
pub fn hand_over() {
    FLUSHED.set(Flushed::No);
    let eager = EAGER.with_borrow(|eager| eager.iter().filter_map(Weak::upgrade).collect::<Vec<_>>());
    for sink in eager {
        sink.push(false, false);
    }
    let body = RESPONSE.with_borrow(|response| match response {
        Some(Ok(response)) if response.status >= 200 => Some(response.body.clone()),
        _ => None,
    });
    if let Some(body) = body {
        // An error will show when the body is written or at the end.
        let started = start();
        if let (Ok(()), Some(body)) = (started, body) {
            body.sink.push(false, true);
        }
    }
}

/// The handler returned: the final answer.
pub fn end() -> String {
    let eager = EAGER.with_borrow(|eager| eager.iter().filter_map(Weak::upgrade).collect::<Vec<_>>());
    for sink in eager {
        sink.push(true, true);
    }
    let answer = match RESPONSE.with_borrow(|response| judge(response.as_ref())) {
        Verdict::Answer(answer) => answer,
        Verdict::Whole => whole(),
        Verdict::Stream { broken } => stream(broken),
    };
    RESPONSE.take();
    NUMBER.set(NUMBER.get().wrapping_add(1));
    answer
}

enum Verdict {
    Answer(String),
    Whole,
    Stream { broken: bool },
}

fn judge(response: Option<&Result<Response, ErrorCode>>) -> Verdict {
    let response = match response {
        None => return Verdict::Answer("N".into()),
        Some(Err(code)) => return Verdict::Answer(format!("E{}", codes::write(code))),
        Some(Ok(response)) => response,
    };
    if response.status < 200 {
        return Verdict::Answer("EHTTP-protocol-error".into());
    }
    let expected =
        fields::content_length(&response.headers.borrow()).filter(|_| !is_bodiless(response.status));
    let given = response.body.as_ref().map_or(0, |body| body.sink.given());
    let short = expected.is_some_and(|expected| expected != given);
    let Some(body) = &response.body else {
        return if short { Verdict::Answer("EHTTP-response-body-size:0".into()) } else { Verdict::Whole };
    };
    match &*body.end.borrow() {
        _ if short && !response.started => Verdict::Answer(format!("EHTTP-response-body-size:{given}")),
        _ if short => Verdict::Stream { broken: true },
        End::Dropped => Verdict::Stream { broken: true },
        End::Finished(trailers) if !response.started && trailers.is_empty() => Verdict::Whole,
        // A body that is still in use when the handler returns has said what it had to say.
        End::Open if !response.started => Verdict::Whole,
        _ => Verdict::Stream { broken: false },
    }
}

fn whole() -> String {
    RESPONSE.with_borrow(|response| {
        let Some(Ok(response)) = response else { return "N".into() };
        let mut answer = vec![b'R'];
        answer.extend_from_slice(&head(response));
        answer.push(b'\n');
        if let Some(body) = &response.body {
            wire::encode_data_into(&body.sink.buffer(), &mut answer);
        }
        text(answer)
    })
}

fn stream(broken: bool) -> String {
    let body = RESPONSE.with_borrow(|response| match response {
        Some(Ok(response)) => response.body.clone(),
        _ => None,
    });
    if start().is_err() {
        return "A".into();
    }
    let mut trailers = String::new();
    if let Some(body) = body {
        while !body.sink.push(true, true) {}
        if broken || body.sink.take_fault().is_some() {
            return "A".into();
        }
        if let End::Finished(lines) = &*body.end.borrow() {
            trailers.clone_from(lines);
        }
    }
    format!("F{trailers}")
}

pub struct ResponseOutparam(pub u32);

impl types::GuestResponseOutparam for ResponseOutparam {
    fn send_informational(&self, status: u16, headers: types::Headers) -> Result<(), ErrorCode> {
        // 101 would give the connection away.
        if !(100..200).contains(&status) || status == 101 || !is_current(self.0) {
            return Err(ErrorCode::HttpProtocolError);
        }
        let mut lines = Vec::new();
        fields::write(&fields::into_entries(headers).borrow(), &mut lines);
        host::informational(status, &text(lines)).map_err(codes::code)
    }

    fn set(param: types::ResponseOutparam, response: Result<types::OutgoingResponse, ErrorCode>) {
        let number = param.into_inner::<ResponseOutparam>().0;
        if !is_current(number) {
            return;
        }
        let response = response.map(|response| {
            let (status, headers, body) = response.into_inner::<OutgoingResponse>().into_parts();
            if let Some(body) = &body {
                body.attach(Target::Response(number));
            }
            Response { status, headers, body, started: false }
        });
        RESPONSE.set(Some(response));
    }
}

#[cfg(test)]
#[path = "served_tests.rs"]
mod tests;
