//! Requests that the guest sends: one, streamed both ways at once, or many together.

use harness::http::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingRequest, IncomingResponse, Method, OutgoingRequest,
    OutgoingResponse, RequestOptions, ResponseOutparam, Scheme,
};
use harness::poll::{poll, Pollable};
use harness::streams::StreamError;
use harness::{now, send, Body, Incoming, Object, Query};

use crate::bindings::wasi::http::outgoing_handler;

/// A request for `scheme://authority/path`.
pub fn request(method: &Method, url: &str, headers: Fields) -> Result<OutgoingRequest, String> {
    let (scheme, rest) = url.split_once("://").ok_or("the url has no scheme")?;
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    };
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.into()),
    };
    let request = OutgoingRequest::new(headers);
    request.set_method(method).map_err(|()| "the method is refused")?;
    request.set_scheme(Some(&scheme)).map_err(|()| "the scheme is refused")?;
    request.set_authority(Some(authority)).map_err(|()| "the authority is refused")?;
    request.set_path_with_query(Some(path)).map_err(|()| "the path is refused")?;
    Ok(request)
}

/// Hands the request to the host, with a limit on the wait for the first byte if `ms` is above zero.
pub fn dispatch(request: OutgoingRequest, ms: u64) -> Result<FutureIncomingResponse, ErrorCode> {
    let options = (ms > 0).then(|| {
        let options = RequestOptions::new();
        let _ = options.set_connect_timeout(Some(ms * 1_000_000));
        let _ = options.set_first_byte_timeout(Some(ms * 1_000_000));
        options
    });
    outgoing_handler::handle(request, options)
}

/// The response, when it is there.
pub fn wait(future: &FutureIncomingResponse) -> Result<IncomingResponse, ErrorCode> {
    future.subscribe().block();
    take(future)
}

fn take(future: &FutureIncomingResponse) -> Result<IncomingResponse, ErrorCode> {
    let outcome = future.get().expect("the pollable was ready");
    outcome.expect("the response is taken once")
}

/// Sends the request on to `url` and its answer back, headers and status with it.
pub fn proxy(request: IncomingRequest, query: &Query, outparam: ResponseOutparam) {
    forward(request, query, outparam, Order::UploadFirst);
}

/// Streams the request through `url` and back, both at the same time.
pub fn double_echo(request: IncomingRequest, query: &Query, outparam: ResponseOutparam) {
    forward(request, query, outparam, Order::Together);
}

#[derive(PartialEq)]
enum Order {
    UploadFirst,
    Together,
}

fn forward(incoming: IncomingRequest, query: &Query, outparam: ResponseOutparam, order: Order) {
    let Some(url) = query.get("url") else {
        return crate::faults::missing(outparam, "url");
    };
    let outgoing = match request(&incoming.method(), url, passed_on(&incoming.headers())) {
        Ok(outgoing) => outgoing,
        Err(problem) => return send(outparam, 400, "text/plain", problem.as_bytes()),
    };
    let mut upload = Pipe {
        to: Body::of(outgoing.body().expect("the body is taken once")),
        from: Incoming::request(&incoming),
        pending: Vec::new(),
    };
    let future = match dispatch(outgoing, query.number("timeout", 0)) {
        Ok(future) => future,
        Err(code) => return refuse(outparam, &code),
    };
    let mut uploading = true;
    if order == Order::UploadFirst {
        while uploading {
            uploading = matches!(upload.step(), Ok(false));
            if uploading {
                upload.pollable().block();
            }
        }
    }
    pump(upload, uploading, future, outparam);
}

/// Moves both bodies until the download ends.
fn pump(upload: Pipe, uploading: bool, future: FutureIncomingResponse, outparam: ResponseOutparam) {
    let mut upload = Some(upload);
    let mut outparam = Some(outparam);
    let mut download: Option<Pipe> = None;
    if !uploading {
        let _ = upload.take().map(Pipe::finish);
    }
    loop {
        if upload.as_mut().is_some_and(|pipe| !matches!(pipe.step(), Ok(false))) {
            let _ = upload.take().map(Pipe::finish);
        }
        match download.as_mut().map(Pipe::step) {
            Some(Ok(true)) => break,
            Some(Err(_)) => return,
            Some(Ok(false)) | None => {}
        }
        let mut waits: Vec<Pollable> = upload.iter().map(Pipe::pollable).collect();
        match &download {
            Some(pipe) => waits.push(pipe.pollable()),
            None => waits.push(future.subscribe()),
        }
        poll(&waits.iter().collect::<Vec<_>>());
        let answered = download.is_none() && waits.last().is_some_and(Pollable::ready);
        drop(waits);
        if answered {
            let outparam = outparam.take().expect("the response starts once");
            match take(&future) {
                Ok(response) => download = Some(answer(response, outparam)),
                Err(code) => return refuse(outparam, &code),
            }
        }
    }
    let _ = download.map(Pipe::finish);
}

/// Starts the response with the head of the answer.
fn answer(response: IncomingResponse, outparam: ResponseOutparam) -> Pipe {
    let outgoing = OutgoingResponse::new(passed_on(&response.headers()));
    outgoing.set_status_code(response.status()).expect("a status that came from HTTP");
    let to = Body::of(outgoing.body().expect("the body is taken once"));
    ResponseOutparam::set(outparam, Ok(outgoing));
    let from = Incoming::of(response.consume().expect("the body is taken once"));
    Pipe { from, to, pending: Vec::new() }
}

/// The headers that a proxy may pass on: those that the host lets a guest set.
fn passed_on(headers: &Fields) -> Fields {
    let copy = Fields::new();
    for (name, value) in headers.entries() {
        let _ = copy.append(&name, &value);
    }
    copy
}

fn refuse(outparam: ResponseOutparam, code: &ErrorCode) {
    send(outparam, 502, "text/plain", format!("{}\n", name(code)).as_bytes());
}

/// An error code as a word, with its payload if it has one.
pub fn name(code: &ErrorCode) -> String {
    format!("{code:?}").replace("ErrorCode::", "")
}

/// One direction of a copy that never blocks.
struct Pipe {
    to: Body,
    from: Incoming,
    pending: Vec<u8>,
}

impl Pipe {
    /// Moves what can move now; true at the end.
    fn step(&mut self) -> Result<bool, StreamError> {
        loop {
            if self.pending.is_empty() {
                match self.from.stream().read(64 * 1024) {
                    Ok(data) if data.is_empty() => return Ok(false),
                    Ok(data) => self.pending = data,
                    Err(StreamError::Closed) => return Ok(true),
                    Err(error) => return Err(error),
                }
            }
            let permit = self.to.stream.check_write()? as usize;
            if permit == 0 {
                return Ok(false);
            }
            let later = self.pending.split_off(permit.min(self.pending.len()));
            self.to.stream.write(&self.pending)?;
            self.pending = later;
        }
    }

    /// Ready when `step` has something to do.
    fn pollable(&self) -> Pollable {
        if self.pending.is_empty() {
            self.from.stream().subscribe()
        } else {
            self.to.stream.subscribe()
        }
    }

    fn finish(self) {
        let _ = self.to.flush();
        let _ = self.to.finish(None);
    }
}

/// `n` GETs of `url` at the same time; one JSON line for each, in the order in which they end.
pub fn fanout(query: &Query, outparam: ResponseOutparam) {
    let Some(url) = query.get("url") else {
        return crate::faults::missing(outparam, "url");
    };
    let begin = now();
    let mut lines = String::new();
    let mut waiting = Vec::new();
    for index in 0..query.number("n", 8) {
        let sent = request(&Method::Get, url, Fields::new())
            .and_then(|r| dispatch(r, query.number("timeout", 0)).map_err(|e| name(&e)));
        match sent {
            Ok(future) => waiting.push((index, future)),
            Err(problem) => lines.push_str(&described(index, begin, Err(problem))),
        }
    }
    while !waiting.is_empty() {
        let pollables: Vec<Pollable> = waiting.iter().map(|(_, f)| f.subscribe()).collect();
        let mut ready = poll(&pollables.iter().collect::<Vec<_>>());
        drop(pollables);
        ready.sort_unstable_by(|a, b| b.cmp(a));
        for position in ready {
            let (index, future) = waiting.remove(position as usize);
            let outcome = take(&future).map_err(|code| name(&code));
            lines.push_str(&described(index, begin, outcome));
        }
    }
    send(outparam, 200, "application/x-ndjson", lines.as_bytes());
}

fn described(index: u64, begin: u64, outcome: Result<IncomingResponse, String>) -> String {
    let line = Object::new().number("index", index);
    let line = match outcome {
        Ok(response) => {
            let status = u64::from(response.status());
            let incoming = Incoming::of(response.consume().expect("the body is taken once"));
            let mut bytes = 0;
            while let Ok(Some(data)) = incoming.next() {
                bytes += data.len() as u64;
            }
            line.number("status", status).number("bytes", bytes)
        }
        Err(problem) => line.text("error", &problem),
    };
    line.number("ms", (now() - begin) / 1_000_000).line()
}
