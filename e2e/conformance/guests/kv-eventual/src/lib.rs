//! wasi:keyvalue@0.2.0-draft as `eventual`, `atomic` and `eventual-batch`: values are resources.

#[allow(warnings)]
mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../../wit/deps/wasi-io",
            "../../../../wit/deps/wasi-keyvalue-0.2.0-draft",
            "wit",
        ],
        world: "guests:kv-eventual/guest",
        with: {
            "wasi:io/error@0.2.12": harness::bindings::wasi::io::error,
            "wasi:io/poll@0.2.12": harness::bindings::wasi::io::poll,
            "wasi:io/streams@0.2.12": harness::bindings::wasi::io::streams,
        },
        generate_all,
    });
}

mod values;

use bindings::wasi::keyvalue::types::{Bucket as Store, Error, IncomingValue, OutgoingValue};
use bindings::wasi::keyvalue::{atomic, eventual, eventual_batch};
use harness::http::{IncomingRequest, ResponseOutparam};
use harness::Guest;
use harness::Query;
use keyvalue::{rules, verb, Answer, Bucket, Page};

struct Eventual(Store);

fn text(error: Error) -> String {
    error.trace()
}

/// An outgoing value of these bytes.
fn outgoing(value: &[u8]) -> Answer<OutgoingValue> {
    let outgoing = OutgoingValue::new_outgoing_value();
    outgoing.outgoing_value_write_body_sync(value).map_err(text)?;
    Ok(outgoing)
}

fn bytes(value: IncomingValue) -> Answer<Vec<u8>> {
    IncomingValue::incoming_value_consume_sync(value).map_err(text)
}

impl Bucket for Eventual {
    type Cursor = ();

    fn open(name: &str) -> Answer<Self> {
        Store::open_bucket(name).map(Eventual).map_err(text)
    }
    fn get(&self, key: &str) -> Answer<Option<Vec<u8>>> {
        let found = eventual::get(&self.0, key).map_err(text)?;
        found.map(bytes).transpose()
    }
    fn set(&self, key: &str, value: &[u8]) -> Answer<()> {
        eventual::set(&self.0, key, &outgoing(value)?).map_err(text)
    }
    fn delete(&self, key: &str) -> Answer<()> {
        eventual::delete(&self.0, key).map_err(text)
    }
    fn exists(&self, key: &str) -> Answer<bool> {
        eventual::exists(&self.0, key).map_err(text)
    }
    fn page(&self, _cursor: Option<()>) -> Answer<Page<()>> {
        Ok((eventual_batch::keys(&self.0).map_err(text)?, None))
    }
    fn increment(&self, key: &str, delta: u64) -> Answer<u64> {
        atomic::increment(&self.0, key, delta).map_err(text)
    }
    fn get_many(&self, keys: &[String]) -> Answer<Vec<Option<Vec<u8>>>> {
        let found = eventual_batch::get_many(&self.0, keys).map_err(text)?;
        found.into_iter().map(|value| value.map(bytes).transpose()).collect()
    }
    fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Answer<()> {
        let values =
            entries.iter().map(|(_, value)| outgoing(value)).collect::<Answer<Vec<OutgoingValue>>>()?;
        let pairs: Vec<(String, &OutgoingValue)> =
            entries.iter().map(|(key, _)| key.clone()).zip(&values).collect();
        eventual_batch::set_many(&self.0, &pairs).map_err(text)
    }
    fn delete_many(&self, keys: &[String]) -> Answer<()> {
        eventual_batch::delete_many(&self.0, keys).map_err(text)
    }
}

struct KvEventual;

impl Guest for KvEventual {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let query = Query::of(&request.path_with_query().unwrap_or_default());
        let mut rules = rules::<Eventual>();
        rules.extend(values::RULES);
        let left = verb::<Eventual>(&query, outparam)
            .and_then(|outparam| harness::run(&request, &query, &rules, outparam));
        if let Some(outparam) = left {
            harness::send(outparam, 404, "text/plain", b"no such path\n");
        }
    }
}

harness::export!(KvEventual with_types_in harness::bindings);
