//! A guestbook: a page, entries in `wasi:keyvalue`, pictures in `wasi:blobstore`, its title from `wasi:config`,
//! a line in `wasi:logging` and a call of a webhook for every entry.

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../wit/deps/wasi-io",
            "../../wit/deps/wasi-clocks",
            "../../wit/deps/wasi-random",
            "../../wit/deps/wasi-cli",
            "../../wit/deps/wasi-http",
            "../../wit/deps/wasi-keyvalue-0.2.0-draft",
            "../../wit/deps/wasi-blobstore",
            "../../wit/deps/wasi-config-0.2.0-rc.1",
            "../../wit/deps/wasi-logging",
            "wit",
        ],
        world: "example:guestbook/guestbook",
        generate_all,
    });
    use super::Guestbook;
    export!(Guestbook);
}

mod entries;
mod page;
mod pictures;
mod web;
mod webhook;

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::config::store as config;
use bindings::wasi::http::types::{IncomingRequest, Method, ResponseOutparam};
use bindings::wasi::logging::logging::{log, Level};
use web::{Problem, Reply};

struct Guestbook;

impl Guest for Guestbook {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        let reply = match (request.method(), path) {
            (Method::Get | Method::Head, "/") => show(),
            (Method::Get, "/entries") => list(),
            (Method::Post, "/entries") => sign(&request),
            (Method::Post, "/pictures") => pictures::store(&request).map(|name| Reply::text(201, &name)),
            (Method::Get, path) if path.starts_with("/pictures/") => {
                pictures::load(path.trim_start_matches("/pictures/"))
            }
            _ => Ok(Reply::text(404, "Nothing here; the guestbook is at /.\n")),
        };
        let reply = reply.unwrap_or_else(|problem| {
            log(Level::Error, "guestbook", &problem.text);
            Reply::text(problem.status, &format!("{}\n", problem.text))
        });
        web::respond(outparam, reply);
    }
}

fn show() -> Result<Reply, Problem> {
    let visits = entries::visit()?;
    let entries = entries::latest()?;
    Ok(Reply::html(page::render(&setting("title", "Guestbook"), visits, &entries)))
}

fn list() -> Result<Reply, Problem> {
    let lines: Vec<String> = entries::latest()?.iter().map(entries::Entry::json).collect();
    Ok(Reply::json(format!("[{}]\n", lines.join(", "))))
}

fn sign(request: &IncomingRequest) -> Result<Reply, Problem> {
    let form = web::form(&web::body(request, 64 * 1024)?);
    let field = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, v)| v.trim().to_string());
    let (name, message) = (field("name").unwrap_or_default(), field("message").unwrap_or_default());
    if name.is_empty() || message.is_empty() {
        return Err(Problem::new(400, "A name and a message, please."));
    }
    let picture = field("picture").filter(|name| pictures::is_name(name)).unwrap_or_default();
    let entry = entries::add(name, message, picture)?;
    log(Level::Info, "guestbook", &format!("entry {} by {}", entry.id, entry.name));
    if let Some(url) = config::get("webhook").ok().flatten() {
        // The entry is written; a webhook that is down does not undo it.
        if let Err(problem) = webhook::call(&url, &entry.json()) {
            log(Level::Warn, "guestbook", &format!("the webhook {url} was not called: {problem}"));
        }
    }
    Ok(Reply::redirect("/"))
}

fn setting(key: &str, default: &str) -> String {
    let value = config::get(key).ok().flatten();
    value.unwrap_or_else(|| default.into())
}
