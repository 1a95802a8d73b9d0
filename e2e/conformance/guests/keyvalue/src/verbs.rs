//! `/get /set /delete /exists /keys /increment`: one call each, for tests that need several requests or
//! several components. Parameters `bucket`, `key`, `value`, `delta`.

use harness::http::ResponseOutparam;
use harness::{quote, send, Query};

use crate::{Answer, Bucket};

/// Answers a verb; gives the outparam back if the path is none. A missing value is 404, an error 502 with its text.
pub fn verb<B: Bucket>(query: &Query, outparam: ResponseOutparam) -> Option<ResponseOutparam> {
    let outcome = match query.path.as_str() {
        "/get" => open::<B>(query).and_then(|b| b.get(key(query))),
        "/set" => open::<B>(query)
            .and_then(|b| b.set(key(query), query.text("value", "").as_bytes()))
            .map(|()| Some(b"ok".to_vec())),
        "/delete" => open::<B>(query).and_then(|b| b.delete(key(query))).map(|()| Some(b"ok".to_vec())),
        "/exists" => open::<B>(query)
            .and_then(|b| b.exists(key(query)))
            .map(|found| Some(found.to_string().into_bytes())),
        "/increment" => open::<B>(query)
            .and_then(|b| b.increment(key(query), query.number("delta", 1)))
            .map(|value| Some(value.to_string().into_bytes())),
        "/keys" => open::<B>(query).and_then(|b| b.keys()).map(|keys| {
            let names: Vec<String> = keys.iter().map(|name| quote(name)).collect();
            Some(format!("[{}]", names.join(", ")).into_bytes())
        }),
        _ => return Some(outparam),
    };
    reply(outcome, outparam);
    None
}

fn reply(outcome: Answer<Option<Vec<u8>>>, outparam: ResponseOutparam) {
    match outcome {
        Ok(Some(value)) => send(outparam, 200, "application/octet-stream", &value),
        Ok(None) => send(outparam, 404, "text/plain", b""),
        Err(problem) => send(outparam, 502, "text/plain", problem.as_bytes()),
    }
}

fn open<B: Bucket>(query: &Query) -> Answer<B> {
    B::open(query.text("bucket", "default"))
}

fn key(query: &Query) -> &str {
    query.text("key", "key")
}
