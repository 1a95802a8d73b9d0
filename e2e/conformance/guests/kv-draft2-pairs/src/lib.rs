//! wasi:keyvalue@0.2.0-draft2 with the shape of `get-many` that answers a pair for each key.

#[allow(warnings)]
mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "guests:kv-draft2-pairs/guest",
        generate_all,
    });
}

use bindings::wasi::keyvalue::batch;
use bindings::wasi::keyvalue::store::{self, Error};
use harness::http::{IncomingRequest, ResponseOutparam};
use harness::{ensure_eq, rule, Check, Guest, Query, Rule};

const RULES: [Rule; 1] = [rule("KV28", "get-many answers a pair for each key, in order", pairs)];

fn text(error: Error) -> String {
    format!("{error:?}")
}

fn pairs(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = store::open(query.text("bucket", "default")).map_err(text)?;
    bucket.set("KV28-a", b"a").map_err(text)?;
    bucket.set("KV28-empty", b"").map_err(text)?;
    bucket.delete("KV28-none").map_err(text)?;
    let keys = ["KV28-empty", "KV28-none", "KV28-a", "KV28-none"].map(String::from);
    let values = [Some(Vec::new()), None, Some(b"a".to_vec()), None];
    let expected: Vec<_> = keys.iter().cloned().zip(values).collect();
    let got = batch::get_many(&bucket, &keys).map_err(text)?;
    ensure_eq!(got, expected, "pairs");
    ensure_eq!(batch::get_many(&bucket, &[]).map_err(text)?.len(), 0, "pairs of no keys");
    bucket.delete("KV28-a").map_err(text)?;
    bucket.delete("KV28-empty").map_err(text)?;
    Ok(())
}

struct Pairs;

impl Guest for Pairs {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let query = Query::of(&request.path_with_query().unwrap_or_default());
        if let Some(outparam) = harness::run(&request, &query, &RULES, outparam) {
            harness::send(outparam, 404, "text/plain", b"no such path\n");
        }
    }
}

harness::export!(Pairs with_types_in harness::bindings);
