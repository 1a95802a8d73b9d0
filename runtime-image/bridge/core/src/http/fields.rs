//! `wasi:http/types.fields`: headers and trailers.

use std::{cell::RefCell, rc::Rc};

use crate::bindings::exports::wasi::http::types::{self, GuestFields, HeaderError};
use wire::Header;

/// All names and values of one `fields` together; more traps, as it would exhaust hosts and peers.
const LIMIT: usize = 128 << 10;

pub type Headers = Rc<RefCell<Vec<Header>>>;

pub struct Fields {
    entries: Headers,
    immutable: bool,
}

/// A resource over entries that somebody else has too.
pub fn resource(entries: Headers, immutable: bool) -> types::Fields {
    types::Fields::new(Fields { entries, immutable })
}

/// The entries of a resource that a guest gave away.
pub fn into_entries(fields: types::Fields) -> Headers {
    fields.into_inner::<Fields>().entries
}

/// What came from outside, as a guest may see it.
pub fn visible(headers: Vec<Header>) -> Headers {
    let mut headers = headers;
    headers.retain(|(name, _)| !wire::is_forbidden(name));
    Rc::new(RefCell::new(headers))
}

/// Header lines of the entries.
pub fn write(entries: &[Header], out: &mut Vec<u8>) {
    entries.iter().for_each(|(name, value)| wire::write_header_line(name, value, out));
}

/// The value of the only `content-length`, if it is a number.
pub fn content_length(entries: &[Header]) -> Option<u64> {
    let (_, value) = entries.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn check(name: &str, values: &[Vec<u8>]) -> Result<(), HeaderError> {
    if !wire::is_field_name(name) {
        return Err(HeaderError::InvalidSyntax);
    }
    if wire::is_forbidden(name) {
        return Err(HeaderError::Forbidden);
    }
    if values.iter().all(|value| wire::is_field_value(value)) {
        Ok(())
    } else {
        Err(HeaderError::InvalidSyntax)
    }
}

impl Fields {
    fn change(
        &self,
        name: &str,
        values: &[Vec<u8>],
    ) -> Result<std::cell::RefMut<'_, Vec<Header>>, HeaderError> {
        check(name, values)?;
        if self.immutable {
            return Err(HeaderError::Immutable);
        }
        Ok(self.entries.borrow_mut())
    }
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn limit(entries: &[Header]) {
    let size: usize = entries.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(size <= LIMIT, "fields of more than 128 KiB");
}

impl GuestFields for Fields {
    fn new() -> Self {
        Self { entries: Rc::default(), immutable: false }
    }

    fn from_list(entries: Vec<Header>) -> Result<types::Fields, HeaderError> {
        for (name, value) in &entries {
            check(name, std::slice::from_ref(value))?;
        }
        limit(&entries);
        Ok(resource(Rc::new(RefCell::new(entries)), false))
    }

    fn get(&self, name: String) -> Vec<Vec<u8>> {
        let entries = self.entries.borrow();
        entries.iter().filter(|(n, _)| same(n, &name)).map(|(_, value)| value.clone()).collect()
    }

    fn has(&self, name: String) -> bool {
        self.entries.borrow().iter().any(|(n, _)| same(n, &name))
    }

    fn set(&self, name: String, values: Vec<Vec<u8>>) -> Result<(), HeaderError> {
        let mut entries = self.change(&name, &values)?;
        entries.retain(|(n, _)| !same(n, &name));
        entries.extend(values.into_iter().map(|value| (name.clone(), value)));
        limit(&entries);
        Ok(())
    }

    fn delete(&self, name: String) -> Result<(), HeaderError> {
        self.change(&name, &[])?.retain(|(n, _)| !same(n, &name));
        Ok(())
    }

    fn append(&self, name: String, value: Vec<u8>) -> Result<(), HeaderError> {
        let mut entries = self.change(&name, std::slice::from_ref(&value))?;
        entries.push((name, value));
        limit(&entries);
        Ok(())
    }

    fn entries(&self) -> Vec<Header> {
        self.entries.borrow().clone()
    }

    fn clone(&self) -> types::Fields {
        resource(Rc::new(RefCell::new(self.entries.borrow().clone())), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(immutable: bool) -> Fields {
        let entries =
            vec![("A".into(), b"1".to_vec()), ("b".into(), b"2".to_vec()), ("a".into(), b"3".to_vec())];
        Fields { entries: Rc::new(RefCell::new(entries)), immutable }
    }

    #[test]
    fn names_are_found_in_any_case_and_kept_as_written() {
        let fields = fields(false);
        assert_eq!(fields.get("a".into()), [b"1".to_vec(), b"3".to_vec()]);
        assert!(fields.has("B".into()) && !fields.has("no such".into()));
        fields.set("A".into(), vec![b"4".to_vec()]).unwrap();
        let expected: Vec<Header> = vec![("b".into(), b"2".to_vec()), ("A".into(), b"4".to_vec())];
        assert_eq!(GuestFields::entries(&fields), expected);
        fields.delete("B".into()).unwrap();
        assert!(!fields.has("b".into()));
    }

    #[test]
    fn ht02_what_came_in_is_immutable() {
        let fields = fields(true);
        assert!(matches!(fields.set("a".into(), vec![]), Err(HeaderError::Immutable)));
        assert!(matches!(fields.append("a".into(), vec![]), Err(HeaderError::Immutable)));
        assert!(matches!(fields.delete("a".into()), Err(HeaderError::Immutable)));
    }

    #[test]
    fn ht03_forbidden_and_ill_formed_fields_are_refused() {
        let fields = fields(false);
        let chunked = fields.append("Transfer-Encoding".into(), b"chunked".to_vec());
        assert!(matches!(chunked, Err(HeaderError::Forbidden)));
        assert!(matches!(fields.delete("host".into()), Err(HeaderError::Forbidden)));
        assert!(matches!(fields.set("a b".into(), vec![]), Err(HeaderError::InvalidSyntax)));
        assert!(matches!(
            fields.set("a".into(), vec![b"x\r\ny: z".to_vec()]),
            Err(HeaderError::InvalidSyntax)
        ));
    }

    #[test]
    #[should_panic(expected = "128 KiB")]
    fn ht15_too_many_bytes_end_the_instance() {
        let fields = fields(false);
        for _ in 0..200 {
            fields.append("x".into(), vec![b'x'; 1000]).unwrap();
        }
    }

    #[test]
    fn guests_see_no_fields_of_the_connection() {
        let seen = visible(vec![("Host".into(), b"h".to_vec()), ("x".into(), b"1".to_vec())]);
        assert_eq!(*seen.borrow(), [("x".to_owned(), b"1".to_vec())]);
    }
}
