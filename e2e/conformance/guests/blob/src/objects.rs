//! Rules of objects: writing, what is known of them, copies.

use harness::http::IncomingRequest;
use harness::{ensure, ensure_eq, unix_seconds, Check, Query};

use crate::{api, fresh, get, id, named, pattern, Writing};

/// BS03.
pub fn round_trip<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs03")?;
    let mut sizes = vec![0, 1, 4096, 65_537, (1 << 20) + 1];
    if query.get("big").is_some() {
        sizes.push(16 << 20);
    }
    for (order, write) in W::ORDERS {
        for size in &sizes {
            let data = pattern(*size);
            write(&container, order, &data).map_err(|e| format!("{order}, {size} bytes: {e}"))?;
            let got = get(&container, order)?;
            ensure_eq!(got.len(), *size, "bytes, written by {order}");
            ensure!(got == data, "{size} bytes written by {order} come back changed");
        }
        write(&container, order, b"short")?;
        ensure_eq!(get(&container, order)?, b"short".to_vec(), "after a shorter one, by {order}");
    }
    Ok(api::delete_container(&named(query, "bs03"))?)
}

/// BS10.
pub fn delete<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs10")?;
    container.delete_object("absent")?;
    for name in ["a", "b", "c"] {
        (W::WRITER)(&container, name, b"x")?;
    }
    container.delete_object("a")?;
    ensure_eq!(container.has_object("a")?, false, "a after delete-object");
    container.delete_objects(&["b", "absent", "c"].map(String::from))?;
    for name in ["b", "c"] {
        ensure_eq!(container.has_object(name)?, false, "{name} after delete-objects");
    }
    container.delete_objects(&[])?;
    Ok(api::delete_container(&named(query, "bs10"))?)
}

/// BS11.
pub fn info<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let container = fresh(query, "bs11")?;
    ensure_eq!(container.has_object("absent")?, false, "has-object of a missing one");
    ensure!(container.object_info("absent").is_err(), "object-info of a missing one succeeds");
    for size in [0, 1, 70_000] {
        (W::WRITER)(&container, "object", &pattern(size))?;
        ensure_eq!(container.has_object("object")?, true, "has-object");
        let info = container.object_info("object")?;
        ensure_eq!(info.size, size as u64, "size");
        ensure_eq!(info.name, "object".to_string(), "name");
        ensure_eq!(info.container, named(query, "bs11"), "container");
        let now = unix_seconds();
        ensure!(info.created_at.abs_diff(now) < 600, "created-at is {}, now is {now}", info.created_at);
    }
    let from = named(query, "bs11");
    api::copy_object(&id(&from, "object"), &id(&from, "copy"))?;
    ensure_eq!(container.object_info("copy")?.size, 70_000, "size of a copy");
    ensure_eq!(container.object_info("copy")?.name, "copy".to_string(), "name of a copy");
    Ok(api::delete_container(&from)?)
}

/// BS14.
pub fn copy<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let (one, two) = (fresh(query, "bs14")?, fresh(query, "bs14-other")?);
    let (here, there) = (named(query, "bs14"), named(query, "bs14-other"));
    let data = pattern(70_000);
    (W::WRITER)(&one, "object", &data)?;
    (W::WRITER)(&two, "target", b"old")?;
    api::copy_object(&id(&here, "object"), &id(&there, "target"))?;
    ensure!(get(&two, "target")? == data, "the copy differs");
    ensure!(get(&one, "object")? == data, "the source changed");
    api::copy_object(&id(&here, "object"), &id(&here, "object"))?;
    ensure!(get(&one, "object")? == data, "a copy onto itself changed it");
    let nowhere = named(query, "bs14-absent");
    let refused = api::copy_object(&id(&here, "object"), &id(&nowhere, "target"));
    ensure!(refused.is_err(), "a copy into a missing container succeeds");
    ensure!(get(&one, "object")? == data, "the source changed by a failed copy");
    let refused = api::copy_object(&id(&here, "absent"), &id(&there, "x"));
    ensure!(refused.is_err(), "a copy of a missing object succeeds");
    api::delete_container(&here)?;
    Ok(api::delete_container(&there)?)
}

/// BS15.
pub fn relocate<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let (one, two) = (fresh(query, "bs15")?, fresh(query, "bs15-other")?);
    let (here, there) = (named(query, "bs15"), named(query, "bs15-other"));
    let data = pattern(70_000);
    (W::WRITER)(&one, "object", &data)?;
    (W::WRITER)(&two, "target", b"old")?;
    let nowhere = named(query, "bs15-absent");
    let refused = api::move_object(&id(&here, "object"), &id(&nowhere, "target"));
    ensure!(refused.is_err(), "a move into a missing container succeeds");
    ensure!(get(&one, "object")? == data, "a failed move lost the source");
    api::move_object(&id(&here, "object"), &id(&here, "object"))?;
    ensure!(get(&one, "object")? == data, "a move onto itself lost it");
    api::move_object(&id(&here, "object"), &id(&there, "target"))?;
    ensure!(get(&two, "target")? == data, "the moved object differs");
    ensure_eq!(one.has_object("object")?, false, "the source after the move");
    api::delete_container(&here)?;
    Ok(api::delete_container(&there)?)
}
