//! `/put /get /delete /list /has`: one call each, for tests that need several requests or components.
//! Parameters `container` (made if it is missing), `name`, `start`, `end`.

use harness::http::{IncomingRequest, ResponseOutparam};
use harness::{quote, read_all, send, Query};

use crate::{api, Answer, Container, IncomingValue, Writing};

/// Answers a verb; gives the outparam back if the path is none. A missing object is 404, an error 502 with its text.
pub fn verb<W: Writing>(
    request: &IncomingRequest,
    query: &Query,
    outparam: ResponseOutparam,
) -> Option<ResponseOutparam> {
    let name = query.text("name", "object");
    let outcome = match query.path.as_str() {
        "/put" => container(query).and_then(|c| put::<W>(request, &c, name)),
        "/get" => container(query).and_then(|c| get(query, &c, name)),
        "/delete" => container(query).and_then(|c| c.delete_object(name)).map(|()| Some(b"ok".to_vec())),
        "/has" => container(query)
            .and_then(|c| c.has_object(name))
            .map(|found| Some(found.to_string().into_bytes())),
        "/list" => container(query).and_then(|c| list(&c)).map(Some),
        _ => return Some(outparam),
    };
    match outcome {
        Ok(Some(data)) => send(outparam, 200, "application/octet-stream", &data),
        Ok(None) => send(outparam, 404, "text/plain", b""),
        Err(problem) => send(outparam, 502, "text/plain", problem.as_bytes()),
    }
    None
}

fn container(query: &Query) -> Answer<Container> {
    let name = query.text("container", "default");
    if !api::container_exists(name)? {
        // Another request may be faster.
        let _ = api::create_container(name);
    }
    api::get_container(name)
}

fn put<W: Writing>(request: &IncomingRequest, container: &Container, name: &str) -> Answer<Option<Vec<u8>>> {
    let data = read_all(request).map_err(|error| format!("the upload breaks: {error:?}"))?;
    (W::WRITER)(container, name, &data)?;
    Ok(Some(data.len().to_string().into_bytes()))
}

fn get(query: &Query, container: &Container, name: &str) -> Answer<Option<Vec<u8>>> {
    if !container.has_object(name)? {
        return Ok(None);
    }
    let end = query.number("end", u64::MAX);
    let value = container.get_data(name, query.number("start", 0), end)?;
    IncomingValue::incoming_value_consume_sync(value).map(Some)
}

fn list(container: &Container) -> Answer<Vec<u8>> {
    let names: Vec<String> = crate::names::all(container, 1000)?.iter().map(|name| quote(name)).collect();
    Ok(format!("[{}]", names.join(", ")).into_bytes())
}
