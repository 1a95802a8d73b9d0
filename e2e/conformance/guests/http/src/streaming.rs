//! Bodies that stream: what goes in comes out while it arrives.

use harness::http::{FutureTrailers, IncomingRequest, ResponseOutparam};
use harness::streams::StreamError;
use harness::{send, sleep, start, Body, Incoming, Object, Query};

const BINARY: (&str, &str) = ("content-type", "application/octet-stream");
const PATTERN: usize = 251 * 256;

/// Sends the request body back, chunk by chunk.
pub fn echo(request: IncomingRequest, outparam: ResponseOutparam) {
    let incoming = Incoming::request(&request);
    let body = start(outparam, 200, &[BINARY]);
    if copy(&incoming, &body).is_ok() {
        let _ = body.finish(None);
    }
}

/// Copies until the end. An error leaves the body unfinished, so that the receiver sees the break.
pub fn copy(incoming: &Incoming, body: &Body) -> Result<u64, StreamError> {
    let mut bytes = 0;
    while let Some(data) = incoming.next()? {
        bytes += data.len() as u64;
        body.write(&data)?;
    }
    body.flush()?;
    Ok(bytes)
}

/// The same as `echo`, moved by the host.
pub fn splice(request: IncomingRequest, outparam: ResponseOutparam) {
    let incoming = Incoming::request(&request);
    let body = start(outparam, 200, &[BINARY]);
    loop {
        match body.stream.blocking_splice(incoming.stream(), 1 << 20) {
            Ok(_) => {}
            Err(StreamError::Closed) => break,
            Err(_) => return,
        }
    }
    let _ = body.flush();
    let _ = body.finish(None);
}

/// `bytes` bytes; the one at offset i is i mod 251. `length=1` announces them.
pub fn big(query: &Query, outparam: ResponseOutparam) {
    let mut left = query.number("bytes", 1 << 20);
    let length = left.to_string();
    let announced = [BINARY, ("content-length", length.as_str())];
    let headers = if query.get("length").is_some() { &announced[..] } else { &announced[..1] };
    let block: Vec<u8> = (0..PATTERN).map(|i| (i % 251) as u8).collect();
    let body = start(outparam, 200, headers);
    while left > 0 {
        let now = left.min(PATTERN as u64);
        if body.write(&block[..now as usize]).is_err() {
            return;
        }
        left -= now;
    }
    let _ = body.flush();
    let _ = body.finish(None);
}

/// Counts the upload, taking a break of `ms` after each chunk.
pub fn sink(request: &IncomingRequest, query: &Query, outparam: ResponseOutparam) {
    let incoming = Incoming::request(request);
    let pause = query.number("ms", 0);
    let mut bytes: u64 = 0;
    loop {
        match incoming.next() {
            Ok(Some(data)) => bytes += data.len() as u64,
            Ok(None) => break,
            Err(error) => return broken_upload(outparam, bytes, &error),
        }
        if pause > 0 {
            sleep(pause);
        }
    }
    send(outparam, 200, "text/plain", format!("{bytes}\n").as_bytes());
}

/// Length and CRC-32 of the upload.
pub fn hash(request: &IncomingRequest, outparam: ResponseOutparam) {
    let incoming = Incoming::request(request);
    let (mut crc, mut bytes) = (!0u32, 0u64);
    loop {
        match incoming.next() {
            Ok(Some(data)) => {
                bytes += data.len() as u64;
                crc = data.iter().fold(crc, |crc, byte| crc32(crc, *byte));
            }
            Ok(None) => break,
            Err(error) => return broken_upload(outparam, bytes, &error),
        }
    }
    let answer = Object::new().number("bytes", bytes).text("crc32", &format!("{:08x}", !crc));
    send(outparam, 200, "application/json", answer.line().as_bytes());
}

/// One step of CRC-32 (ISO 3309), bit by bit.
fn crc32(crc: u32, byte: u8) -> u32 {
    (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
}

/// The client stopped in the middle: said on stderr, and answered if it still listens.
fn broken_upload(outparam: ResponseOutparam, bytes: u64, error: &StreamError) {
    let text = format!("the upload broke after {bytes} bytes: {error:?}\n");
    crate::plain::stderr(&text);
    send(outparam, 400, "text/plain", text.as_bytes());
}

/// `count` lines with a break of `ms` between them, each flushed.
pub fn slow(query: &Query, outparam: ResponseOutparam) {
    let body = start(outparam, 200, &[("content-type", "text/plain")]);
    for index in 0..query.number("count", 2) {
        if index > 0 {
            sleep(query.number("ms", 500));
        }
        let line = format!("line {index}\n");
        if body.write(line.as_bytes()).is_err() || body.flush().is_err() {
            return;
        }
    }
    let _ = body.finish(None);
}

/// Writes until the client is gone, then says so on stderr.
pub fn endless(query: &Query, outparam: ResponseOutparam) {
    let pause = query.number("ms", 0);
    let block = vec![b'.'; 16 * 1024];
    let body = start(outparam, 200, &[BINARY]);
    let mut bytes: u64 = 0;
    while body.write(&block).and_then(|()| body.flush()).is_ok() {
        bytes += block.len() as u64;
        if pause > 0 {
            sleep(pause);
        }
    }
    crate::plain::stderr(&format!("the client left after {bytes} bytes\n"));
}

/// Reports the request's trailers as JSON, and sends a trailer `x-bytes` with the length of its body.
pub fn trailers(request: IncomingRequest, outparam: ResponseOutparam) {
    let incoming = Incoming::request(&request);
    let mut bytes = 0;
    while let Ok(Some(data)) = incoming.next() {
        bytes += data.len();
    }
    let received = describe_trailers(incoming.finish());
    let headers = [("content-type", "application/json"), ("trailer", "x-bytes")];
    let body = start(outparam, 200, &headers);
    let answer = Object::new().raw("trailers", &received).line();
    if body.write(answer.as_bytes()).and_then(|()| body.flush()).is_ok() {
        let fields = harness::http::Fields::new();
        let value = bytes.to_string().into_bytes();
        fields.set("x-bytes", &[value]).expect("an allowed trailer");
        let _ = body.finish(Some(fields));
    }
}

fn describe_trailers(future: FutureTrailers) -> String {
    future.subscribe().block();
    match future.get() {
        Some(Ok(Ok(Some(fields)))) => crate::plain::entries(&fields),
        Some(Ok(Ok(None))) => "null".into(),
        other => harness::quote(&format!("{other:?}")),
    }
}
