//! Rules of containers.

use harness::http::IncomingRequest;
use harness::{ensure, ensure_eq, unix_seconds, Check, Query};

use crate::{api, fresh, named, Writing};

/// BS01.
pub fn create(_: &IncomingRequest, query: &Query) -> Check {
    let name = named(query, "bs01");
    drop(fresh(query, "bs01")?);
    ensure_eq!(api::container_exists(&name)?, true, "container-exists after create");
    let again = api::create_container(&name).map(|_| ());
    ensure!(again.is_err(), "a second create succeeds");
    api::delete_container(&name)?;
    ensure_eq!(api::container_exists(&name)?, false, "container-exists after delete");
    api::delete_container(&name)?;
    Ok(())
}

/// BS02.
pub fn info(_: &IncomingRequest, query: &Query) -> Check {
    let name = named(query, "bs02");
    let absent = api::get_container(&named(query, "bs02-absent")).map(|_| ());
    ensure!(absent.is_err(), "get-container of a missing one succeeds");
    let created = fresh(query, "bs02")?;
    ensure_eq!(created.name()?, name.clone(), "name of the created");
    let container = api::get_container(&name)?;
    ensure_eq!(container.name()?, name.clone(), "name");
    let info = container.info()?;
    ensure_eq!(info.name, name, "name in info");
    let (now, slack) = (unix_seconds(), 600);
    ensure!(
        info.created_at + slack > now && info.created_at < now + slack,
        "created-at is {}, now is {now}",
        info.created_at
    );
    ensure_eq!(container.info()?.created_at, info.created_at, "created-at a moment later");
    Ok(api::delete_container(&name)?)
}

/// BS12.
pub fn clear<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let (one, two) = (fresh(query, "bs12")?, fresh(query, "bs12-other")?);
    for name in ["a", "b", "deep/c"] {
        (W::WRITER)(&one, name, b"x")?;
        (W::WRITER)(&two, name, b"x")?;
    }
    one.clear()?;
    for name in ["a", "b", "deep/c"] {
        ensure_eq!(one.has_object(name)?, false, "{name} in the cleared container");
        ensure_eq!(two.has_object(name)?, true, "{name} in the other container");
    }
    ensure_eq!(api::container_exists(&named(query, "bs12"))?, true, "the container itself");
    one.clear()?;
    (W::WRITER)(&one, "again", b"x")?;
    api::delete_container(&named(query, "bs12"))?;
    Ok(api::delete_container(&named(query, "bs12-other"))?)
}

/// BS13.
pub fn delete<W: Writing>(_: &IncomingRequest, query: &Query) -> Check {
    let stale = fresh(query, "bs13")?;
    (W::WRITER)(&stale, "object", b"x")?;
    api::delete_container(&named(query, "bs13"))?;
    ensure!(stale.get_data("object", 0, 1).is_err(), "get-data by a stale handle succeeds");
    ensure!(stale.object_info("object").is_err(), "object-info by a stale handle succeeds");
    let written = (W::WRITER)(&stale, "object", b"x");
    ensure!(written.is_err(), "a write by a stale handle succeeds");
    // What these say of a container that is gone is open; they must only not trap.
    let _ = (stale.info(), stale.has_object("object"), stale.clear(), stale.list_objects());

    let container = fresh(query, "bs13")?;
    ensure_eq!(container.has_object("object")?, false, "the object, in a new container of that name");
    Ok(api::delete_container(&named(query, "bs13"))?)
}
