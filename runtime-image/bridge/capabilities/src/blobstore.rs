//! `wasi:blobstore`. Bytes of a new object go to a sink of the host; when it becomes the object depends on the
//! revision that the component was written for (`wit/bridge/README.md`, blob-sink).

use std::cell::{Cell, OnceCell};

use crate::bindings::exports::wasi::blobstore::{blobstore, container, types};
use crate::bindings::exports::wasicloud::shapes::{blobstore_methods, blobstore_unfinished};
use crate::{host, plumbing, remote, Capabilities};
use wire::{Answer, Fault, ListReader, ListWriter};

type Outcome<T> = Result<T, String>;

fn payload(answer: String) -> Outcome<String> {
    Answer::payload(answer).map_err(Fault::text)
}

fn done(answer: String) -> Outcome<()> {
    payload(answer).map(drop)
}

fn is_there(answer: String) -> Outcome<bool> {
    Ok(Answer::optional(answer).map_err(Fault::text)?.is_some())
}

fn handle(answer: String) -> Outcome<u32> {
    Answer::handle(answer).map_err(Fault::text)
}

fn number(element: Option<&str>) -> u64 {
    element.and_then(|text| text.parse().ok()).expect("a number from the host")
}

fn text(element: Option<&str>) -> String {
    element.expect("a text from the host").to_owned()
}

/// A value on its way in.
pub struct OutgoingValue {
    /// The revision has `finish`: what was not finished shall not be seen.
    finishes: bool,
    sink: OnceCell<u32>,
    body: Cell<Option<u32>>,
    has_target: Cell<bool>,
    committed: Cell<u64>,
}

impl OutgoingValue {
    fn resource(finishes: bool) -> types::OutgoingValue {
        types::OutgoingValue::new(Self {
            finishes,
            sink: OnceCell::new(),
            body: Cell::new(None),
            has_target: Cell::new(false),
            committed: Cell::new(0),
        })
    }

    fn sink(&self) -> Outcome<u32> {
        if let Some(sink) = self.sink.get() {
            return Ok(*sink);
        }
        let sink = handle(remote(host::blob_sink))?;
        Ok(*self.sink.get_or_init(|| sink))
    }

    /// Send what the stream still holds; how much it was given in all.
    fn flush(&self) -> Outcome<u64> {
        self.body.get().map_or(Ok(0), plumbing::output_flush)
    }

    fn write_to(&self, container: u32, name: &str) -> Outcome<()> {
        let sink = self.sink()?;
        let given = self.flush()?;
        done(remote(|| host::blob_target(sink, container, name)))?;
        self.has_target.set(true);
        if self.finishes {
            return Ok(());
        }
        self.committed.set(given);
        done(remote(|| host::blob_commit(sink)))
    }

    fn commit(&self) -> Outcome<()> {
        self.flush()?;
        match self.sink.get() {
            Some(sink) if self.has_target.get() => done(remote(|| host::blob_commit(*sink))),
            _ => Ok(()),
        }
    }

    /// The interface wants the stream to be gone first.
    fn check_child(&self) {
        let alive = self.body.get().is_some_and(plumbing::output_alive);
        assert!(!(self.finishes && alive), "an outgoing value was dropped or finished before its stream");
    }
}

impl Drop for OutgoingValue {
    fn drop(&mut self) {
        self.check_child();
        // Without `finish`, bytes that came after write-data are told of only by this. There is nobody left to
        // whom a failure could be reported; the object keeps its last committed content.
        if !self.finishes
            && self.has_target.get()
            && self.flush().is_ok_and(|given| given > self.committed.get())
        {
            let _ = self.commit();
        }
        if let Some(body) = self.body.get() {
            plumbing::output_release(body);
        }
        if let Some(sink) = self.sink.get() {
            host::handle_drop(*sink);
        }
    }
}

impl types::GuestOutgoingValue for OutgoingValue {
    fn new_outgoing_value() -> types::OutgoingValue {
        Self::resource(true)
    }

    fn outgoing_value_write_body(&self) -> Result<types::OutputStream, ()> {
        if self.body.get().is_some() {
            return Err(());
        }
        let (stream, token) = plumbing::output_to_spool(self.sink().map_err(drop)?);
        self.body.set(Some(token));
        Ok(stream)
    }

    fn finish(this: types::OutgoingValue) -> Outcome<()> {
        let this = this.get::<OutgoingValue>();
        this.check_child();
        this.commit()
    }
}

impl blobstore_unfinished::Guest for Capabilities {
    fn new_outgoing_value() -> types::OutgoingValue {
        OutgoingValue::resource(false)
    }
}

/// A snapshot of an object's bytes, read at most once.
pub struct IncomingValue {
    handle: Cell<Option<u32>>,
    size: u64,
}

impl IncomingValue {
    fn take(&self) -> Outcome<u32> {
        self.handle.take().ok_or_else(|| "the value was consumed already".to_owned())
    }

    fn bytes(&self) -> Outcome<Vec<u8>> {
        let handle = self.take()?;
        remote(|| plumbing::bytes_of_handle(handle))
    }

    fn stream(&self) -> Outcome<types::InputStream> {
        Ok(plumbing::input_from_handle(self.take()?))
    }
}

impl Drop for IncomingValue {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.get() {
            // A stream knows how to give a handle back.
            drop(plumbing::input_from_handle(handle));
        }
    }
}

impl types::GuestIncomingValue for IncomingValue {
    fn incoming_value_consume_sync(this: types::IncomingValue) -> Outcome<Vec<u8>> {
        this.get::<IncomingValue>().bytes()
    }

    fn incoming_value_consume_async(this: types::IncomingValue) -> Outcome<types::InputStream> {
        this.get::<IncomingValue>().stream()
    }

    fn size(&self) -> u64 {
        self.size
    }
}

impl blobstore_methods::Guest for Capabilities {
    fn incoming_value_consume_sync(this: types::IncomingValueBorrow<'_>) -> Outcome<Vec<u8>> {
        this.get::<IncomingValue>().bytes()
    }

    fn incoming_value_consume_async(this: types::IncomingValueBorrow<'_>) -> Outcome<types::InputStream> {
        this.get::<IncomingValue>().stream()
    }
}

impl types::Guest for Capabilities {
    type OutgoingValue = OutgoingValue;
    type IncomingValue = IncomingValue;
}

pub struct Container {
    handle: u32,
    name: String,
}

impl Drop for Container {
    fn drop(&mut self) {
        host::handle_drop(self.handle);
    }
}

impl container::GuestContainer for Container {
    fn name(&self) -> Outcome<String> {
        Ok(self.name.clone())
    }

    fn info(&self) -> Outcome<types::ContainerMetadata> {
        let list = payload(remote(|| host::blob_container_info(self.handle)))?;
        let mut elements = ListReader::new(&list);
        Ok(types::ContainerMetadata { name: text(elements.next()), created_at: number(elements.next()) })
    }

    fn get_data(&self, name: String, start: u64, end: u64) -> Outcome<types::IncomingValue> {
        let list = payload(remote(|| host::blob_get_data(self.handle, &name, start, end)))?;
        let mut elements = ListReader::new(&list);
        let handle = Cell::new(Some(number(elements.next()) as u32));
        Ok(types::IncomingValue::new(IncomingValue { handle, size: number(elements.next()) }))
    }

    fn write_data(&self, name: String, data: types::OutgoingValueBorrow<'_>) -> Outcome<()> {
        data.get::<OutgoingValue>().write_to(self.handle, &name)
    }

    fn list_objects(&self) -> Outcome<container::StreamObjectNames> {
        let listing = handle(remote(|| host::blob_list_open(self.handle)))?;
        Ok(container::StreamObjectNames::new(Listing(listing)))
    }

    fn delete_object(&self, name: String) -> Outcome<()> {
        self.delete_objects(vec![name])
    }

    fn delete_objects(&self, names: Vec<String>) -> Outcome<()> {
        let names: ListWriter = names.iter().map(String::as_str).collect();
        done(remote(|| host::blob_delete(self.handle, &names.finish())))
    }

    fn has_object(&self, name: String) -> Outcome<bool> {
        is_there(remote(|| host::blob_has(self.handle, &name)))
    }

    fn object_info(&self, name: String) -> Outcome<types::ObjectMetadata> {
        let list = payload(remote(|| host::blob_info(self.handle, &name)))?;
        let mut elements = ListReader::new(&list);
        Ok(types::ObjectMetadata {
            name: text(elements.next()),
            container: text(elements.next()),
            created_at: number(elements.next()),
            size: number(elements.next()),
        })
    }

    fn clear(&self) -> Outcome<()> {
        done(remote(|| host::blob_clear(self.handle)))
    }
}

pub struct Listing(u32);

impl Drop for Listing {
    fn drop(&mut self) {
        host::handle_drop(self.0);
    }
}

impl container::GuestStreamObjectNames for Listing {
    fn read_stream_object_names(&self, len: u64) -> Outcome<(Vec<String>, bool)> {
        let list = payload(remote(|| host::blob_list_read(self.0, len)))?;
        let mut elements = ListReader::new(&list);
        let ended = elements.next() == Some("1");
        Ok((elements.map(str::to_owned).collect(), ended))
    }

    fn skip_stream_object_names(&self, num: u64) -> Outcome<(u64, bool)> {
        let list = payload(remote(|| host::blob_list_skip(self.0, num)))?;
        let mut elements = ListReader::new(&list);
        Ok((number(elements.next()), elements.next() == Some("1")))
    }
}

impl container::Guest for Capabilities {
    type Container = Container;
    type StreamObjectNames = Listing;
}

fn opened(name: String, answer: String) -> Outcome<container::Container> {
    Ok(container::Container::new(Container { handle: handle(answer)?, name }))
}

type ObjectId = types::ObjectId;

impl blobstore::Guest for Capabilities {
    fn create_container(name: String) -> Outcome<container::Container> {
        let answer = remote(|| host::blob_create_container(&name));
        opened(name, answer)
    }

    fn get_container(name: String) -> Outcome<container::Container> {
        let answer = remote(|| host::blob_get_container(&name));
        opened(name, answer)
    }

    fn delete_container(name: String) -> Outcome<()> {
        done(remote(|| host::blob_delete_container(&name)))
    }

    fn container_exists(name: String) -> Outcome<bool> {
        is_there(remote(|| host::blob_container_exists(&name)))
    }

    fn copy_object(src: ObjectId, dest: ObjectId) -> Outcome<()> {
        done(remote(|| host::blob_copy(&src.container, &src.object, &dest.container, &dest.object)))
    }

    fn move_object(src: ObjectId, dest: ObjectId) -> Outcome<()> {
        done(remote(|| host::blob_move(&src.container, &src.object, &dest.container, &dest.object)))
    }
}
