//! wasi:keyvalue@0.2.0-draft as `store`, `atomics` and `batch`.

#[allow(warnings)]
mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../../wit/deps/wasi-io",
            "../../../../wit/deps/wasi-keyvalue-0.2.0-draft",
            "wit",
        ],
        world: "guests:kv-store/guest",
        generate_all,
    });
}

use bindings::wasi::keyvalue::store::{self, Bucket as Store, Error};
use bindings::wasi::keyvalue::{atomics, batch};
use harness::http::{IncomingRequest, ResponseOutparam};
use harness::{ensure, rule, Check, Guest, Query};
use keyvalue::{rules, verb, Answer, Bucket, Page};

struct Draft(Store);

fn text(error: Error) -> String {
    match error {
        Error::NoSuchStore => "no-such-store".into(),
        Error::AccessDenied => "access-denied".into(),
        Error::Other(message) => format!("other: {message}"),
    }
}

impl Bucket for Draft {
    type Cursor = u64;

    fn open(name: &str) -> Answer<Self> {
        store::open(name).map(Draft).map_err(text)
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
    fn page(&self, cursor: Option<u64>) -> Answer<Page<u64>> {
        let page = self.0.list_keys(cursor).map_err(text)?;
        Ok((page.keys, page.cursor))
    }
    fn increment(&self, key: &str, delta: u64) -> Answer<u64> {
        atomics::increment(&self.0, key, delta).map_err(text)
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
    let bucket = keyvalue::bucket::<Draft>(query)?;
    bucket.set("KV12", b"1")?;
    for cursor in [0, 1, 7, 1 << 32, u64::MAX] {
        let (mut next, mut pages) = (Some(cursor), 0);
        while let (Some(_), Ok((_, following))) = (next, bucket.page(next)) {
            next = following;
            pages += 1;
            ensure!(pages < 10_000, "the walk from cursor {cursor} does not end");
        }
    }
    Ok(bucket.delete("KV12")?)
}

struct KvStore;

impl Guest for KvStore {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let query = Query::of(&request.path_with_query().unwrap_or_default());
        let mut rules = rules::<Draft>();
        rules.push(rule("KV12", "a foreign cursor ends or is refused", foreign_cursor));
        let left = verb::<Draft>(&query, outparam)
            .and_then(|outparam| harness::run(&request, &query, &rules, outparam));
        if let Some(outparam) = left {
            harness::send(outparam, 404, "text/plain", b"no such path\n");
        }
    }
}

harness::export!(KvStore with_types_in harness::bindings);
