//! `wasi:keyvalue`: three generations over one bucket.

mod draft;
mod draft2;
mod talk;

use std::{cell::RefCell, rc::Rc};

use crate::{host, remote};
use wire::{Answer, Fault, ListReader, ListWriter};

/// How many buckets stay open for the life of the instance.
const KEPT: usize = 64;

/// The host's handle, until nobody uses it.
struct Opened(u32);

impl Drop for Opened {
    fn drop(&mut self) {
        host::handle_drop(self.0);
    }
}

thread_local! {
    /// A bucket is opened once per instance: guests open it in every request.
    static OPEN: RefCell<Vec<(String, Rc<Opened>)>> = const { RefCell::new(Vec::new()) };
}

/// A bucket of any generation.
pub struct Bucket(Rc<Opened>);

/// A page of keys and where the next one begins.
struct Page {
    keys: Vec<String>,
    cursor: Option<String>,
}

fn bytes(data: String) -> Vec<u8> {
    wire::decode_data(data.as_bytes())
}

fn done(answer: String) -> Result<(), Fault> {
    Answer::payload(answer).map(drop)
}

fn list(keys: &[String]) -> String {
    keys.iter().map(String::as_str).collect::<ListWriter>().finish()
}

fn is_there(answer: String) -> Result<bool, Fault> {
    Ok(Answer::optional(answer)?.is_some())
}

impl Bucket {
    fn open(identifier: &str) -> Result<Self, Fault> {
        let known =
            OPEN.with_borrow(|open| open.iter().find(|(name, _)| name == identifier).map(|(_, b)| b.clone()));
        if let Some(bucket) = known {
            return Ok(Self(bucket));
        }
        let bucket = Rc::new(Opened(Answer::handle(remote(|| host::kv_open(identifier)))?));
        OPEN.with_borrow_mut(|open| {
            if open.len() < KEPT {
                open.push((identifier.to_owned(), bucket.clone()));
            }
        });
        Ok(Self(bucket))
    }

    fn handle(&self) -> u32 {
        self.0 .0
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        let data = Answer::optional(remote(|| host::kv_get(self.handle(), key)))?;
        Ok(data.map(bytes))
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), Fault> {
        done(remote(|| host::kv_set(self.handle(), key, &wire::encode_data(value))))
    }

    fn delete(&self, key: &str) -> Result<(), Fault> {
        done(remote(|| host::kv_delete(self.handle(), key)))
    }

    fn exists(&self, key: &str) -> Result<bool, Fault> {
        is_there(remote(|| host::kv_exists(self.handle(), key)))
    }

    fn page(&self, cursor: Option<&str>, numeric: bool) -> Result<Page, Fault> {
        let cursor = cursor.map(|cursor| format!("s{cursor}")).unwrap_or_default();
        let list = Answer::payload(remote(|| host::kv_list(self.handle(), &cursor, numeric.into())))?;
        let mut elements = ListReader::new(&list);
        let cursor = elements.next().and_then(|cursor| cursor.strip_prefix('s')).map(str::to_owned);
        Ok(Page { keys: elements.map(str::to_owned).collect(), cursor })
    }

    fn increment(&self, key: &str, delta: &str, signed: bool) -> Result<String, Fault> {
        Answer::payload(remote(|| host::kv_increment(self.handle(), key, delta, signed.into())))
    }

    fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = Answer::payload(remote(|| host::kv_get_many(self.handle(), &list(keys))))?;
        let value = |element: &str| element.strip_prefix('o').map(|data| wire::decode_data(data.as_bytes()));
        let found: Vec<_> = ListReader::new(&found).map(value).collect();
        assert_eq!(found.len(), keys.len(), "one answer per key from the host");
        Ok(found)
    }

    fn set_many<'a>(&self, entries: impl Iterator<Item = (&'a str, Vec<u8>)>) -> Result<(), Fault> {
        let mut list = ListWriter::new();
        for (key, value) in entries {
            list.push(key);
            list.push(&wire::encode_data(&value));
        }
        match list.finish() {
            nothing if nothing.is_empty() => Ok(()),
            entries => done(remote(|| host::kv_set_many(self.handle(), &entries))),
        }
    }

    fn delete_many(&self, keys: &[String]) -> Result<(), Fault> {
        if keys.is_empty() {
            return Ok(());
        }
        done(remote(|| host::kv_delete_many(self.handle(), &list(keys))))
    }
}

/// The variant `error { no-such-store, access-denied, other(string) }` of a package.
macro_rules! error {
    ($error:path, $fault:expr) => {{
        use $error as Error;
        let fault = $fault;
        match fault.code.as_str() {
            "no-such-store" => Error::NoSuchStore,
            "access-denied" => Error::AccessDenied,
            _ => Error::Other(fault.text()),
        }
    }};
}
use error;
