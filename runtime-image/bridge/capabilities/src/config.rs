//! `wasi:config`: `store`, the older `runtime`, and its oldest shape with bytes.

use crate::bindings::exports::wasi::config0_2_0_draft::runtime;
use crate::bindings::exports::wasi::config0_2_0_rc_1::store;
use crate::bindings::exports::wasicloud::shapes::config_bytes;
use crate::{host, Capabilities};
use wire::{Answer, Fault, ListReader};

fn get(key: &str) -> Result<Option<Vec<u8>>, Fault> {
    let data = Answer::optional(host::config_get(key))?;
    Ok(data.map(|data| wire::decode_data(data.as_bytes())))
}

fn get_all() -> Result<Vec<(String, Vec<u8>)>, Fault> {
    let list = Answer::payload(host::config_all())?;
    let mut all = Vec::new();
    let mut elements = ListReader::new(&list);
    while let (Some(key), Some(data)) = (elements.next(), elements.next()) {
        all.push((key.to_owned(), wire::decode_data(data.as_bytes())));
    }
    Ok(all)
}

fn text(bytes: Vec<u8>) -> Result<String, Fault> {
    let not_text = |_| Fault { code: "io".into(), message: "the value is not text".into() };
    String::from_utf8(bytes).map_err(not_text)
}

fn get_text(key: &str) -> Result<Option<String>, Fault> {
    get(key)?.map(text).transpose()
}

/// Values that are not text are left out: one of them shall not hide the rest.
fn get_all_text() -> Result<Vec<(String, String)>, Fault> {
    let all = get_all()?.into_iter();
    Ok(all.filter_map(|(key, value)| Some((key, text(value).ok()?))).collect())
}

fn store_error(fault: Fault) -> store::Error {
    match fault.code.as_str() {
        "io" => store::Error::Io(fault.message),
        _ => store::Error::Upstream(fault.text()),
    }
}

fn runtime_error(fault: Fault) -> runtime::ConfigError {
    match store_error(fault) {
        store::Error::Io(message) => runtime::ConfigError::Io(message),
        store::Error::Upstream(message) => runtime::ConfigError::Upstream(message),
    }
}

impl store::Guest for Capabilities {
    fn get(key: String) -> Result<Option<String>, store::Error> {
        get_text(&key).map_err(store_error)
    }

    fn get_all() -> Result<Vec<(String, String)>, store::Error> {
        get_all_text().map_err(store_error)
    }
}

impl runtime::Guest for Capabilities {
    fn get(key: String) -> Result<Option<String>, runtime::ConfigError> {
        get_text(&key).map_err(runtime_error)
    }

    fn get_all() -> Result<Vec<(String, String)>, runtime::ConfigError> {
        get_all_text().map_err(runtime_error)
    }
}

impl config_bytes::Guest for Capabilities {
    fn get(key: String) -> Result<Option<Vec<u8>>, runtime::ConfigError> {
        get(&key).map_err(runtime_error)
    }

    fn get_all() -> Result<Vec<(String, Vec<u8>)>, runtime::ConfigError> {
        get_all().map_err(runtime_error)
    }
}
