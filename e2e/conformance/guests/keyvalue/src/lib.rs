//! The rules of wasi:keyvalue that hold in every generation, over a trait that each guest implements with
//! the interfaces of its own; and plain verbs, by which a test reads and writes from outside.

mod counting;
mod rules;
mod verbs;

pub use rules::{bucket, rules};
pub use verbs::verb;

/// Everything answers an error as text: its case, and its message if it has one.
pub type Answer<T> = Result<T, String>;

/// Keys, and where the next page begins.
pub type Page<C> = (Vec<String>, Option<C>);

/// A bucket, whatever the generation calls its functions.
pub trait Bucket: Sized {
    type Cursor;

    fn open(name: &str) -> Answer<Self>;
    fn get(&self, key: &str) -> Answer<Option<Vec<u8>>>;
    fn set(&self, key: &str, value: &[u8]) -> Answer<()>;
    fn delete(&self, key: &str) -> Answer<()>;
    fn exists(&self, key: &str) -> Answer<bool>;
    fn page(&self, cursor: Option<Self::Cursor>) -> Answer<Page<Self::Cursor>>;
    fn increment(&self, key: &str, delta: u64) -> Answer<u64>;
    fn get_many(&self, keys: &[String]) -> Answer<Vec<Option<Vec<u8>>>>;
    fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Answer<()>;
    fn delete_many(&self, keys: &[String]) -> Answer<()>;

    /// Every key, page by page; an error if the walk does not end.
    fn keys(&self) -> Answer<Vec<String>> {
        let mut keys = Vec::new();
        let mut cursor = None;
        for _ in 0..100_000 {
            let (page, next) = self.page(cursor)?;
            keys.extend(page);
            if next.is_none() {
                keys.sort();
                keys.dedup();
                return Ok(keys);
            }
            cursor = next;
        }
        Err("the walk over the keys does not end".into())
    }

    /// Deletes every key.
    fn empty(&self) -> Answer<()> {
        let keys = self.keys()?;
        self.delete_many(&keys)
    }
}
