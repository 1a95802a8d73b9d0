//! Rules: `/ID` checks one, `/all` checks all, `/` lists them. Each answers one JSON line.

use crate::bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};
use crate::{send, Object, Query};

/// Why a rule does not count as held.
pub enum Broken {
    Failed(String),
    /// It cannot be decided here; the text says why.
    Skipped(String),
}

impl From<String> for Broken {
    fn from(detail: String) -> Broken {
        Broken::Failed(detail)
    }
}

impl From<&str> for Broken {
    fn from(detail: &str) -> Broken {
        Broken::Failed(detail.to_string())
    }
}

pub type Check = Result<(), Broken>;

/// A numbered promise of the host and how to check it.
pub struct Rule {
    pub id: &'static str,
    pub promise: &'static str,
    pub check: fn(&IncomingRequest, &Query) -> Check,
}

/// A rule from its parts, for tables of them.
pub const fn rule(
    id: &'static str,
    promise: &'static str,
    check: fn(&IncomingRequest, &Query) -> Check,
) -> Rule {
    Rule { id, promise, check }
}

/// Fails the check with a formatted detail unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($detail:tt)+) => {
        if !$condition {
            return Err($crate::Broken::Failed(format!($($detail)+)));
        }
    };
}

/// Fails the check unless both are equal, with both in the detail.
#[macro_export]
macro_rules! ensure_eq {
    ($got:expr, $expected:expr, $($detail:tt)+) => {
        match (&$got, &$expected) {
            (got, expected) => {
                if got != expected {
                    let what = format!($($detail)+);
                    return Err($crate::Broken::Failed(format!("{what}: got {got:?}, expected {expected:?}")));
                }
            }
        }
    };
}

/// Answers a request for rules; gives the outparam back if the path is none.
pub fn run(
    request: &IncomingRequest,
    query: &Query,
    rules: &[Rule],
    outparam: ResponseOutparam,
) -> Option<ResponseOutparam> {
    let wanted = query.path.trim_start_matches('/');
    let lines: Vec<String> = match wanted {
        "" => rules.iter().map(listed).collect(),
        "all" => rules.iter().map(|r| checked(r, request, query)).collect(),
        id => rules.iter().filter(|r| r.id == id).map(|r| checked(r, request, query)).collect(),
    };
    if lines.is_empty() {
        return Some(outparam);
    }
    send(outparam, 200, "application/x-ndjson", lines.concat().as_bytes());
    None
}

fn listed(rule: &Rule) -> String {
    Object::new().text("rule", rule.id).text("promise", rule.promise).line()
}

fn checked(rule: &Rule, request: &IncomingRequest, query: &Query) -> String {
    let (ok, detail) = match (rule.check)(request, query) {
        Ok(()) => ("true", String::new()),
        Err(Broken::Failed(detail)) => ("false", detail),
        Err(Broken::Skipped(detail)) => ("\"skipped\"", detail),
    };
    Object::new().text("rule", rule.id).raw("ok", ok).text("detail", &detail).line()
}
