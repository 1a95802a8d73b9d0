//! A file server on `wasi:blobstore`: PUT (or POST), GET, HEAD and DELETE of any path, streamed both ways.

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../wit/deps/wasi-io",
            "../../wit/deps/wasi-clocks",
            "../../wit/deps/wasi-random",
            "../../wit/deps/wasi-cli",
            "../../wit/deps/wasi-http",
            "../../wit/deps/wasi-blobstore",
            "../../wit/deps/wasi-logging",
            "wit",
        ],
        world: "example:blobby/blobby",
        generate_all,
    });
    use super::Blobby;
    export!(Blobby);
}

mod files;
mod respond;

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::blobstore::container::Container;
use bindings::wasi::http::types::{IncomingRequest, Method, ResponseOutparam};
use bindings::wasi::io::streams::InputStream;
use bindings::wasi::logging::logging::{log, Level};

struct Blobby;

impl Guest for Blobby {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let name = target.split('?').next().unwrap_or_default().trim_start_matches('/');
        if name.is_empty() {
            return respond::text(outparam, 400, "Which file? Its name is the path.\n");
        }
        match files::container() {
            Ok(container) => serve(&container, name, request, outparam),
            Err(problem) => failed(outparam, &problem),
        }
    }
}

fn serve(container: &Container, name: &str, request: IncomingRequest, outparam: ResponseOutparam) {
    let outcome = match request.method() {
        Method::Get | Method::Head => return read(container, name, &request, outparam),
        Method::Put | Method::Post => {
            let written = files::write(container, name, &request);
            written.map(|bytes| (201, format!("{bytes} bytes written.\n")))
        }
        Method::Delete => container.delete_object(name).map(|()| (200, "Deleted.\n".to_string())),
        _ => {
            let allow = [("allow", "GET, HEAD, PUT, POST, DELETE")];
            if let Some(body) = respond::start(outparam, 405, &allow) {
                body.finish();
            }
            return;
        }
    };
    match outcome {
        Ok((status, text)) => respond::text(outparam, status, &text),
        Err(problem) => failed(outparam, &problem),
    }
}

fn read(container: &Container, name: &str, request: &IncomingRequest, outparam: ResponseOutparam) {
    match files::size(container, name) {
        Ok(None) => respond::text(outparam, 404, "No such file.\n"),
        Err(problem) => failed(outparam, &problem),
        Ok(Some(size)) => {
            let bodiless = size == 0 || matches!(request.method(), Method::Head);
            // The value is got before the response starts: its failure is still an answer.
            match (!bodiless).then(|| files::open(container, name, size)).transpose() {
                Ok(stream) => send(outparam, name, size, stream),
                Err(problem) => failed(outparam, &problem),
            }
        }
    }
}

fn send(outparam: ResponseOutparam, name: &str, size: u64, stream: Option<InputStream>) {
    let length = size.to_string();
    let headers = [("content-type", files::kind(name)), ("content-length", length.as_str())];
    if let Some(body) = respond::start(outparam, 200, &headers) {
        // A file that broke off stays unfinished, so that the client sees it.
        if stream.is_none_or(|stream| body.copy(&stream).is_ok()) {
            body.finish();
        }
    }
}

fn failed(outparam: ResponseOutparam, problem: &str) {
    log(Level::Error, "blobby", problem);
    respond::text(outparam, 502, &format!("The blobstore did not answer: {problem}\n"));
}
