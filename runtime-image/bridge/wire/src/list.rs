//! **list**: `LEN:` + bytes, one element after the other.

/// Writes a list.
#[derive(Default)]
pub struct ListWriter(Vec<u8>);

impl ListWriter {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Append one element.
    pub fn push(&mut self, element: &str) {
        self.0.extend_from_slice(element.len().to_string().as_bytes());
        self.0.push(b':');
        self.0.extend_from_slice(element.as_bytes());
    }

    /// The list as it crosses.
    pub fn finish(self) -> String {
        String::from_utf8(self.0).expect("a list of text is text")
    }
}

impl<'a> FromIterator<&'a str> for ListWriter {
    fn from_iter<I: IntoIterator<Item = &'a str>>(elements: I) -> Self {
        let mut list = Self::new();
        elements.into_iter().for_each(|element| list.push(element));
        list
    }
}

/// Reads a list; panics when the host broke the protocol.
pub struct ListReader<'a>(&'a str);

impl<'a> ListReader<'a> {
    /// The elements of `text`.
    pub fn new(text: &'a str) -> Self {
        Self(text)
    }
}

impl<'a> Iterator for ListReader<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let (len, rest) = self.0.split_once(':').expect("a list from the host");
        let (element, rest) = rest.split_at(len.parse().expect("a length from the host"));
        self.0 = rest;
        Some(element)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_may_be_an_element() {
        let elements = ["foo", "", "a:b", "\0\n", "12:", "日本"];
        let text: ListWriter = elements.into_iter().collect();
        let text = text.finish();
        assert!(text.starts_with("3:foo0:3:a:b"));
        assert_eq!(ListReader::new(&text).collect::<Vec<_>>(), elements);
    }
}
