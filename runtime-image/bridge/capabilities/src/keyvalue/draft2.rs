//! `store`, `atomics` and `batch` at `@0.2.0-draft2`: cursors are text, counters signed, and there is compare-and-swap.

use std::cell::Cell;

use super::{bytes, error, Bucket};
use crate::bindings::exports::wasi::keyvalue0_2_0_draft2::{atomics, batch, store};
use crate::bindings::exports::wasicloud::shapes::keyvalue_pairs;
use crate::{host, remote, Capabilities};
use wire::{Answer, Fault};

fn failed(fault: Fault) -> store::Error {
    error!(store::Error, fault)
}

impl store::Guest for Capabilities {
    type Bucket = Bucket;

    fn open(identifier: String) -> Result<store::Bucket, store::Error> {
        Bucket::open(&identifier).map(store::Bucket::new).map_err(failed)
    }
}

impl store::GuestBucket for Bucket {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, store::Error> {
        self.get(&key).map_err(failed)
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<(), store::Error> {
        self.set(&key, &value).map_err(failed)
    }

    fn delete(&self, key: String) -> Result<(), store::Error> {
        self.delete(&key).map_err(failed)
    }

    fn exists(&self, key: String) -> Result<bool, store::Error> {
        self.exists(&key).map_err(failed)
    }

    fn list_keys(&self, cursor: Option<String>) -> Result<store::KeyResponse, store::Error> {
        let page = self.page(cursor.as_deref(), false).map_err(failed)?;
        Ok(store::KeyResponse { keys: page.keys, cursor: page.cursor })
    }
}

/// A value remembered, to be replaced only if nobody else did. The host drops the handle when it is used up.
pub struct Cas(Cell<Option<u32>>);

impl Cas {
    fn resource(handle: u32) -> atomics::Cas {
        atomics::Cas::new(Self(Cell::new(Some(handle))))
    }
}

impl Drop for Cas {
    fn drop(&mut self) {
        if let Some(handle) = self.0.get() {
            host::handle_drop(handle);
        }
    }
}

impl atomics::GuestCas for Cas {
    fn new(bucket: store::BucketBorrow<'_>, key: String) -> Result<atomics::Cas, store::Error> {
        let bucket = bucket.get::<Bucket>().handle();
        let answer = remote(|| host::kv_cas_new(bucket, &key));
        Answer::handle(answer).map(Cas::resource).map_err(failed)
    }

    fn current(&self) -> Result<Option<Vec<u8>>, store::Error> {
        let handle = self.0.get().expect("a cas that was not swapped");
        let data = Answer::optional(remote(|| host::kv_cas_current(handle))).map_err(failed)?;
        Ok(data.map(bytes))
    }
}

impl atomics::Guest for Capabilities {
    type Cas = Cas;

    fn increment(bucket: store::BucketBorrow<'_>, key: String, delta: i64) -> Result<i64, store::Error> {
        let value = bucket.get::<Bucket>().increment(&key, &delta.to_string(), true).map_err(failed)?;
        Ok(value.parse().expect("an s64 from the host"))
    }

    fn swap(cas: atomics::Cas, value: Vec<u8>) -> Result<(), atomics::CasError> {
        let handle = cas.get::<Cas>().0.take().expect("a cas that was not swapped");
        let value = wire::encode_data(&value);
        match Answer::parse(remote(|| host::kv_cas_swap(handle, &value))) {
            Ok(Answer::Ok(_)) => Ok(()),
            Ok(Answer::Changed(handle)) => {
                let handle = handle.parse().expect("a handle from the host");
                Err(atomics::CasError::CasFailed(Cas::resource(handle)))
            }
            Ok(_) => panic!("an answer from the host"),
            Err(fault) => Err(atomics::CasError::StoreError(failed(fault))),
        }
    }
}

impl batch::Guest for Capabilities {
    fn get_many(
        bucket: store::BucketBorrow<'_>,
        keys: Vec<String>,
    ) -> Result<Vec<Option<(String, Vec<u8>)>>, store::Error> {
        let values = bucket.get::<Bucket>().get_many(&keys).map_err(failed)?;
        Ok(keys.into_iter().zip(values).map(|(key, value)| Some((key, value?))).collect())
    }

    fn set_many(
        bucket: store::BucketBorrow<'_>,
        entries: Vec<(String, Vec<u8>)>,
    ) -> Result<(), store::Error> {
        let entries = entries.iter().map(|(key, value)| (key.as_str(), value.clone()));
        bucket.get::<Bucket>().set_many(entries).map_err(failed)
    }

    fn delete_many(bucket: store::BucketBorrow<'_>, keys: Vec<String>) -> Result<(), store::Error> {
        bucket.get::<Bucket>().delete_many(&keys).map_err(failed)
    }
}

impl keyvalue_pairs::Guest for Capabilities {
    fn get_many(
        bucket: store::BucketBorrow<'_>,
        keys: Vec<String>,
    ) -> Result<Vec<(String, Option<Vec<u8>>)>, store::Error> {
        let values = bucket.get::<Bucket>().get_many(&keys).map_err(failed)?;
        Ok(keys.into_iter().zip(values).collect())
    }
}
