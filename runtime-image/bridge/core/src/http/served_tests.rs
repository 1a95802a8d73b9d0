//! Final answers that need no host: what leaves when the handler returned and nothing was streamed.

use super::*;
use crate::io::output::Quota;
use std::rc::Rc;

fn answer(status: u16, headers: &[(&str, &str)], body: Option<Rc<Body>>) -> String {
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    let response = Response { status, headers: Rc::new(RefCell::new(headers)), body, started: false };
    RESPONSE.set(Some(Ok(response)));
    end()
}

fn body(text: &str, ending: End) -> Option<Rc<Body>> {
    let body = Body::new(None);
    body.sink.give(text.as_bytes());
    *body.end.borrow_mut() = ending;
    Some(body)
}

fn finished() -> End {
    End::Finished(String::new())
}

#[test]
fn ht05_a_handler_that_sets_nothing_says_so() {
    begin("GET");
    assert_eq!(end(), "N");
}

#[test]
fn ht10_an_error_code_goes_by_its_name() {
    begin("GET");
    RESPONSE.set(Some(Err(ErrorCode::InternalError(Some("no".into())))));
    assert_eq!(end(), "Einternal-error:no");
}

#[test]
fn a_small_response_leaves_whole() {
    begin("GET");
    assert_eq!(answer(200, &[("a", "b")], body("hello", finished())), "R200\na: b\n\nuhello");
    begin("GET");
    assert_eq!(answer(204, &[], None), "R204\n\n");
}

#[test]
fn ht08_a_body_still_alive_at_the_end_ends_cleanly() {
    begin("GET");
    assert_eq!(answer(200, &[], body("all", End::Open)), "R200\n\nuall");
}

#[test]
fn ht09_a_body_that_is_not_as_long_as_announced_is_an_error() {
    for (method, given, expected) in [
        ("GET", "abc", "EHTTP-response-body-size:3"),
        ("GET", "abcde", "R200\ncontent-length: 5\n\nuabcde"),
        // No body by nature: the length is that of what a GET would give.
        ("HEAD", "", "R200\ncontent-length: 5\n\nu"),
    ] {
        begin(method);
        assert_eq!(answer(200, &[("content-length", "5")], body(given, End::Open)), expected);
    }
    begin("GET");
    assert_eq!(answer(200, &[("Content-Length", "5")], None), "EHTTP-response-body-size:0");
    begin("GET");
    assert_eq!(answer(304, &[("Content-Length", "5")], None), "R304\nContent-Length: 5\n\n");
}

#[test]
fn ht11_an_informational_status_is_no_final_one() {
    begin("GET");
    assert_eq!(answer(103, &[], None), "EHTTP-protocol-error");
}

#[test]
fn what_belongs_to_an_earlier_request_is_stale() {
    let first = begin("GET");
    assert!(is_current(first));
    end();
    assert!(!is_current(first));
    assert!(!is_current(first) && is_current(begin("GET")));
}

#[test]
fn the_first_flush_waits_and_the_second_does_not() {
    begin("GET");
    assert!(!flush_is_due());
    assert!(flush_is_due());
    begin("GET");
    assert!(!flush_is_due());
}

#[test]
fn the_announced_length_is_part_of_the_body() {
    let quota = Quota { expected: 5, code: "HTTP-response-body-size" };
    assert_eq!(quota.broken(9), Fault::parse("HTTP-response-body-size:9"));
}
