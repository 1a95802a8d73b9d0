//! `store`, `atomics` and `batch` at `@0.2.0-draft`: cursors and counters are u64.

use super::{error, Bucket};
use crate::bindings::exports::wasi::keyvalue0_2_0_draft::{atomics, batch, store};
use crate::Capabilities;
use wire::Fault;

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

    fn list_keys(&self, cursor: Option<u64>) -> Result<store::KeyResponse, store::Error> {
        let cursor = cursor.map(|cursor| cursor.to_string());
        let page = self.page(cursor.as_deref(), true).map_err(failed)?;
        let cursor = page.cursor.map(|cursor| cursor.parse().expect("a numeric cursor from the host"));
        Ok(store::KeyResponse { keys: page.keys, cursor })
    }
}

impl atomics::Guest for Capabilities {
    fn increment(bucket: store::BucketBorrow<'_>, key: String, delta: u64) -> Result<u64, store::Error> {
        let value = bucket.get::<Bucket>().increment(&key, &delta.to_string(), false).map_err(failed)?;
        Ok(value.parse().expect("a u64 from the host"))
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
