//! Streams, by the bodies of HTTP: the only ones that a host always has.

use harness::http::{Fields, IncomingRequest, OutgoingResponse};
use harness::streams::StreamError;
use harness::{ensure, ensure_eq, Body, Broken, Check, Query};

/// IO04. Any request body will do, also none.
pub fn input(request: &IncomingRequest, _: &Query) -> Check {
    let Ok(body) = request.consume() else {
        return Err(Broken::Skipped("the body was consumed by another rule".into()));
    };
    let stream = body.stream().map_err(|()| "the stream fails")?;
    match stream.read(0) {
        Ok(data) => ensure_eq!(data.len(), 0, "read of nothing"),
        Err(StreamError::Closed) => {}
        Err(error) => return Err(format!("read of nothing: {error:?}").into()),
    }
    let pollable = stream.subscribe();
    let mut bytes = 0;
    loop {
        pollable.block();
        match stream.blocking_read(7) {
            Ok(data) => {
                ensure!((1..=7).contains(&data.len()), "{} bytes where 1 to 7 may come", data.len());
                bytes += data.len();
            }
            Err(StreamError::Closed) => break,
            Err(error) => return Err(format!("after {bytes} bytes: {error:?}").into()),
        }
    }
    pollable.block();
    drop(pollable);
    for _ in 0..2 {
        ensure!(matches!(stream.read(1), Err(StreamError::Closed)), "read after the end");
        ensure!(matches!(stream.skip(1), Err(StreamError::Closed)), "skip after the end");
    }
    Ok(())
}

/// A response that stays unsent, and its body: without the response nobody would take the bytes.
fn unsent() -> (OutgoingResponse, Body) {
    let response = OutgoingResponse::new(Fields::new());
    let body = Body::of(response.body().expect("the body is taken once"));
    (response, body)
}

/// IO05. With `?beyond=1` it writes more than is permitted, and an answer is a broken rule.
pub fn permit(_: &IncomingRequest, query: &Query) -> Check {
    let (_response, body) = unsent();
    let permit = body.stream.check_write().map_err(|error| format!("check-write: {error:?}"))?;
    ensure!(permit > 0, "the first check-write permits nothing");
    ensure!(body.stream.subscribe().ready(), "a stream with a permit is not ready");
    if query.get("beyond").is_some() {
        let said = body.stream.write(&vec![0; permit as usize + 1]);
        return Err(format!("a write beyond the permit said {said:?} instead of a trap").into());
    }
    let exactly = vec![b'x'; permit.min(1 << 20) as usize];
    ensure!(body.stream.write(&exactly).is_ok(), "a write of what is permitted fails");
    Ok(())
}

/// IO06. What is written before the response is set may stay with the host; nothing here waits for a client.
pub fn flush(_: &IncomingRequest, _: &Query) -> Check {
    let (_response, body) = unsent();
    ensure!(body.stream.check_write().is_ok_and(|permit| permit >= 3), "three bytes are not permitted");
    ensure!(body.stream.write(b"abc").is_ok(), "write");
    ensure!(body.stream.flush().is_ok(), "flush");
    ensure!(body.stream.check_write().is_ok(), "check-write after flush");
    Ok(())
}
