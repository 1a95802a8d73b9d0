//! wasi:keyvalue@0.2.0-draft2: text cursors, signed increments, compare and swap by handles.

#[allow(warnings)]
mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../../wit/deps/wasi-keyvalue-0.2.0-draft2",
            "wit",
        ],
        world: "guests:kv-draft2/guest",
        generate_all,
    });
}

mod swapping;

use bindings::wasi::keyvalue::store::{self, Bucket as Store, Error};
use bindings::wasi::keyvalue::{atomics, batch};
use harness::http::{IncomingRequest, ResponseOutparam};
use harness::{ensure, rule, Check, Guest, Query};
use keyvalue::{rules, verb, Answer, Bucket, Page};

struct Draft2(Store);

fn text(error: Error) -> String {
    match error {
        Error::NoSuchStore => "no-such-store".into(),
        Error::AccessDenied => "access-denied".into(),
        Error::Other(message) => format!("other: {message}"),
    }
}

impl Bucket for Draft2 {
    type Cursor = String;

    fn open(name: &str) -> Answer<Self> {
        store::open(name).map(Draft2).map_err(text)
    }
    fn get(&self, key: &str) -> Answer<Option<Vec<u8>>> {
        self.0.get(key).map_err(text)
    }
    fn set(&self, key: &str, value: &[u8]) -> Answer<()> {
        self.0.set(key, value).map_err(text)
    }
    fn delete(&self, key: &str) -> Answer<()> {
        self.0.delete(key).map_err(text)
    }
    fn exists(&self, key: &str) -> Answer<bool> {
        self.0.exists(key).map_err(text)
    }
    fn page(&self, cursor: Option<String>) -> Answer<Page<String>> {
        let page = self.0.list_keys(cursor.as_deref()).map_err(text)?;
        Ok((page.keys, page.cursor))
    }
    fn increment(&self, key: &str, delta: u64) -> Answer<u64> {
        let delta = i64::try_from(delta).map_err(|_| "the delta is no s64".to_string())?;
        let value = atomics::increment(&self.0, key, delta).map_err(text)?;
        u64::try_from(value).map_err(|_| format!("the counter is below zero: {value}"))
    }
    fn get_many(&self, keys: &[String]) -> Answer<Vec<Option<Vec<u8>>>> {
        let found = batch::get_many(&self.0, keys).map_err(text)?;
        for (asked, entry) in keys.iter().zip(&found) {
            if entry.as_ref().is_some_and(|(key, _)| key != asked) {
                return Err(format!("get-many answers another key in place of {asked:?}"));
            }
        }
        Ok(found.into_iter().map(|e| e.map(|(_, value)| value)).collect())
    }
    fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Answer<()> {
        batch::set_many(&self.0, entries).map_err(text)
    }
    fn delete_many(&self, keys: &[String]) -> Answer<()> {
        batch::delete_many(&self.0, keys).map_err(text)
    }
}

/// KV12: a cursor that no page gave back ends the walk or is refused.
fn foreign_cursor(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = keyvalue::bucket::<Draft2>(query)?;
    bucket.set("KV12", b"1")?;
    for cursor in ["", "0", "999999", "garbage", "\0", "🐹", "18446744073709551616"] {
        let (mut next, mut pages) = (Some(cursor.to_string()), 0);
        while next.is_some() {
            let Ok((_, following)) = bucket.page(next) else { break };
            next = following;
            pages += 1;
            ensure!(pages < 10_000, "the walk from cursor {cursor:?} does not end");
        }
    }
    Ok(bucket.delete("KV12")?)
}

struct KvDraft2;

impl Guest for KvDraft2 {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let query = Query::of(&request.path_with_query().unwrap_or_default());
        let mut rules = rules::<Draft2>();
        rules.push(rule("KV12", "a foreign cursor ends or is refused", foreign_cursor));
        rules.extend(swapping::RULES);
        let left = swapping::verb(&query, outparam)
            .and_then(|outparam| verb::<Draft2>(&query, outparam))
            .and_then(|outparam| harness::run(&request, &query, &rules, outparam));
        if let Some(outparam) = left {
            harness::send(outparam, 404, "text/plain", b"no such path\n");
        }
    }
}

harness::export!(KvDraft2 with_types_in harness::bindings);
