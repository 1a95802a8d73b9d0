//! The first generation: `types`, `eventual`, `atomic`, `eventual-batch`, with values as resources.

use std::cell::{Cell, RefCell};

use super::{is_there, Bucket};
use crate::bindings::exports::wasi::keyvalue0_2_0_draft::{
    atomic, eventual, eventual_batch, types, wasi_keyvalue_error as errors,
};
use crate::bindings::exports::wasicloud::shapes::keyvalue_methods;
use crate::{host, plumbing, remote, Capabilities};
use wire::Fault;

/// Why an operation failed.
pub struct TalkError(String);

impl errors::GuestError for TalkError {
    fn trace(&self) -> String {
        self.0.clone()
    }
}

impl errors::Guest for Capabilities {
    type Error = TalkError;
}

fn failed(fault: Fault) -> types::Error {
    errors::Error::new(TalkError(fault.text()))
}

fn misused(what: &str) -> types::Error {
    errors::Error::new(TalkError(what.into()))
}

impl types::Guest for Capabilities {
    type Bucket = Bucket;
    type OutgoingValue = OutgoingValue;
    type IncomingValue = IncomingValue;
}

impl types::GuestBucket for Bucket {
    fn open_bucket(name: String) -> Result<types::Bucket, types::Error> {
        Bucket::open(&name).map(types::Bucket::new).map_err(failed)
    }
}

enum Body {
    Bytes(Vec<u8>),
    /// A stream into memory, by its token.
    Stream(u32),
}

/// A value to be stored, as often as one likes.
pub struct OutgoingValue(RefCell<Body>);

impl OutgoingValue {
    /// What was written so far; a stream may still be open.
    fn bytes(&self) -> Vec<u8> {
        match &*self.0.borrow() {
            Body::Bytes(bytes) => bytes.clone(),
            Body::Stream(token) => plumbing::output_bytes(*token),
        }
    }
}

impl Drop for OutgoingValue {
    fn drop(&mut self) {
        if let Body::Stream(token) = *self.0.borrow() {
            plumbing::output_release(token);
        }
    }
}

impl types::GuestOutgoingValue for OutgoingValue {
    fn new_outgoing_value() -> types::OutgoingValue {
        types::OutgoingValue::new(Self(RefCell::new(Body::Bytes(Vec::new()))))
    }

    fn outgoing_value_write_body_async(&self) -> Result<types::OutputStream, types::Error> {
        if matches!(*self.0.borrow(), Body::Stream(_)) {
            return Err(misused("the value has a body stream already"));
        }
        let (stream, token) = plumbing::output_to_memory();
        *self.0.borrow_mut() = Body::Stream(token);
        Ok(stream)
    }

    fn outgoing_value_write_body_sync(&self, value: Vec<u8>) -> Result<(), types::Error> {
        if matches!(*self.0.borrow(), Body::Stream(_)) {
            return Err(misused("the value has a body stream already"));
        }
        *self.0.borrow_mut() = Body::Bytes(value);
        Ok(())
    }
}

/// A value that was read; the bytes are those of the moment it was read.
pub struct IncomingValue {
    bytes: RefCell<Option<Vec<u8>>>,
    size: Cell<u64>,
}

impl IncomingValue {
    fn resource(bytes: Vec<u8>) -> types::IncomingValue {
        let size = Cell::new(bytes.len() as u64);
        types::IncomingValue::new(Self { bytes: RefCell::new(Some(bytes)), size })
    }

    fn consume(&self) -> Result<Vec<u8>, types::Error> {
        self.bytes.take().ok_or_else(|| misused("the value was consumed already"))
    }
}

impl types::GuestIncomingValue for IncomingValue {
    fn incoming_value_consume_sync(this: types::IncomingValue) -> Result<Vec<u8>, types::Error> {
        this.get::<IncomingValue>().consume()
    }

    fn incoming_value_consume_async(this: types::IncomingValue) -> Result<types::InputStream, types::Error> {
        this.get::<IncomingValue>().consume().map(|bytes| plumbing::input_from_bytes(&bytes))
    }

    fn incoming_value_size(&self) -> Result<u64, types::Error> {
        Ok(self.size.get())
    }
}

impl keyvalue_methods::Guest for Capabilities {
    fn incoming_value_consume_sync(this: types::IncomingValueBorrow<'_>) -> Result<Vec<u8>, types::Error> {
        this.get::<IncomingValue>().consume()
    }

    fn incoming_value_consume_async(
        this: types::IncomingValueBorrow<'_>,
    ) -> Result<types::InputStream, types::Error> {
        this.get::<IncomingValue>().consume().map(|bytes| plumbing::input_from_bytes(&bytes))
    }
}

impl eventual::Guest for Capabilities {
    fn get(
        bucket: types::BucketBorrow<'_>,
        key: String,
    ) -> Result<Option<types::IncomingValue>, types::Error> {
        let value = bucket.get::<Bucket>().get(&key).map_err(failed)?;
        Ok(value.map(IncomingValue::resource))
    }

    fn set(
        bucket: types::BucketBorrow<'_>,
        key: String,
        value: types::OutgoingValueBorrow<'_>,
    ) -> Result<(), types::Error> {
        let value = value.get::<OutgoingValue>().bytes();
        bucket.get::<Bucket>().set(&key, &value).map_err(failed)
    }

    fn delete(bucket: types::BucketBorrow<'_>, key: String) -> Result<(), types::Error> {
        bucket.get::<Bucket>().delete(&key).map_err(failed)
    }

    fn exists(bucket: types::BucketBorrow<'_>, key: String) -> Result<bool, types::Error> {
        bucket.get::<Bucket>().exists(&key).map_err(failed)
    }
}

impl atomic::Guest for Capabilities {
    fn increment(bucket: types::BucketBorrow<'_>, key: String, delta: u64) -> Result<u64, types::Error> {
        let value = bucket.get::<Bucket>().increment(&key, &delta.to_string(), false).map_err(failed)?;
        Ok(value.parse().expect("a u64 from the host"))
    }

    fn compare_and_swap(
        bucket: types::BucketBorrow<'_>,
        key: String,
        old: u64,
        new: u64,
    ) -> Result<bool, types::Error> {
        let bucket = bucket.get::<Bucket>().handle();
        is_there(remote(|| host::kv_compare_and_swap(bucket, &key, old, new))).map_err(failed)
    }
}

impl eventual_batch::Guest for Capabilities {
    fn get_many(
        bucket: types::BucketBorrow<'_>,
        keys: Vec<String>,
    ) -> Result<Vec<Option<types::IncomingValue>>, types::Error> {
        let values = bucket.get::<Bucket>().get_many(&keys).map_err(failed)?;
        Ok(values.into_iter().map(|value| value.map(IncomingValue::resource)).collect())
    }

    fn keys(bucket: types::BucketBorrow<'_>) -> Result<Vec<String>, types::Error> {
        let bucket = bucket.get::<Bucket>();
        let mut page = bucket.page(None, false).map_err(failed)?;
        let mut keys = page.keys;
        while let Some(cursor) = page.cursor {
            page = bucket.page(Some(&cursor), false).map_err(failed)?;
            keys.append(&mut page.keys);
        }
        // Pages of a store that changes meanwhile may repeat keys.
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    fn set_many(
        bucket: types::BucketBorrow<'_>,
        entries: Vec<(String, types::OutgoingValueBorrow<'_>)>,
    ) -> Result<(), types::Error> {
        let entries = entries.iter().map(|(key, value)| (key.as_str(), value.get::<OutgoingValue>().bytes()));
        bucket.get::<Bucket>().set_many(entries).map_err(failed)
    }

    fn delete_many(bucket: types::BucketBorrow<'_>, keys: Vec<String>) -> Result<(), types::Error> {
        bucket.get::<Bucket>().delete_many(&keys).map_err(failed)
    }
}
