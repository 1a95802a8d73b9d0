//! wasi:config of two drafts, and wasi:logging.

#[allow(warnings)]
mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../../wit/deps/wasi-io",
            "../../../../wit/deps/wasi-clocks",
            "../../../../wit/deps/wasi-random",
            "../../../../wit/deps/wasi-filesystem",
            "../../../../wit/deps/wasi-sockets",
            "../../../../wit/deps/wasi-cli",
            "../../../../wit/deps/wasi-config-0.2.0-draft",
            "../../../../wit/deps/wasi-config-0.2.0-rc.1",
            "../../../../wit/deps/wasi-logging",
            "wit",
        ],
        world: "guests:config-logging/guest",
        generate_all,
    });
}

use bindings::wasi::cli::environment;
use bindings::wasi::config0_2_0_draft::runtime;
use bindings::wasi::config0_2_0_rc_1::store;
use bindings::wasi::logging::logging::{log, Level};
use harness::http::{IncomingRequest, ResponseOutparam};
use harness::{ensure, ensure_eq, rule, Broken, Check, Guest, Object, Query, Rule};

const RULES: [Rule; 4] = [
    rule("CF01", "get gives the configured value (?key=&value=), by both drafts", configured),
    rule("CF02", "a missing key is none, whatever it is called", missing),
    rule("CF03", "get-all holds what get gives, and the environment too", all),
    rule("LG01", "every level is taken, with any text", levels),
];

fn text(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

fn configured(_: &IncomingRequest, query: &Query) -> Check {
    let (Some(key), Some(value)) = (query.get("key"), query.get("value")) else {
        return Err(Broken::Skipped("no key and value are given".into()));
    };
    ensure_eq!(store::get(key).map_err(text)?, Some(value.to_string()), "by store");
    ensure_eq!(runtime::get(key).map_err(text)?, Some(value.to_string()), "by runtime");
    Ok(())
}

fn missing(_: &IncomingRequest, _: &Query) -> Check {
    for key in ["absent", "invalid-name", "invalid!name", "4invalidname", "", "a\nb", "🐹"] {
        ensure_eq!(store::get(key).map_err(text)?, None, "store, key {key:?}");
        ensure_eq!(runtime::get(key).map_err(text)?, None, "runtime, key {key:?}");
    }
    Ok(())
}

fn all(_: &IncomingRequest, _: &Query) -> Check {
    let mut entries = store::get_all().map_err(text)?;
    let mut older = runtime::get_all().map_err(text)?;
    entries.sort();
    older.sort();
    ensure_eq!(older, entries, "get-all of the older draft");
    let environment = environment::get_environment();
    for entry in &entries {
        ensure_eq!(store::get(&entry.0).map_err(text)?.as_ref(), Some(&entry.1), "get of {}", entry.0);
        ensure!(environment.contains(entry), "{} is not in the environment", entry.0);
    }
    Ok(())
}

fn levels(_: &IncomingRequest, query: &Query) -> Check {
    let message = query.text("text", "LG01 was here, \"quoted\",\nin two lines 🐹");
    for (level, context) in [
        (Level::Trace, ""),
        (Level::Debug, "debug"),
        (Level::Info, "info"),
        (Level::Warn, "a context\nin two lines"),
        (Level::Error, "error"),
        (Level::Critical, "🐹"),
    ] {
        log(level, context, message);
    }
    log(Level::Info, "", "");
    log(Level::Info, "long", &"l".repeat(100_000));
    Ok(())
}

/// `/config` gives all values as JSON.
fn config(outparam: ResponseOutparam) {
    let mut object = Object::new();
    for (name, value) in store::get_all().unwrap_or_default() {
        object = object.text(&name, &value);
    }
    harness::send(outparam, 200, "application/json", object.line().as_bytes());
}

struct ConfigLogging;

impl Guest for ConfigLogging {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let query = Query::of(&request.path_with_query().unwrap_or_default());
        if query.path == "/config" {
            return config(outparam);
        }
        if let Some(outparam) = harness::run(&request, &query, &RULES, outparam) {
            harness::send(outparam, 404, "text/plain", b"no such path\n");
        }
    }
}

harness::export!(ConfigLogging with_types_in harness::bindings);
