//! The rules. Each cleans up what an earlier run left. `?bucket=` and `?other=` name the buckets to use
//! (`default`, `other`); rules about listing use a bucket of their own beside them.

use harness::http::IncomingRequest;
use harness::{ensure, ensure_eq, rule, Broken, Check, Query, Rule};

use crate::{counting, Bucket};

/// All rules over a generation's bucket.
pub fn rules<B: Bucket>() -> Vec<Rule> {
    vec![
        rule("KV01", "a missing key is none and false, never an error", missing::<B>),
        rule("KV02", "what is set is what get returns, byte by byte", round_trip::<B>),
        rule("KV03", "set replaces the whole value", overwrite::<B>),
        rule("KV04", "an empty value is not a missing one", empty::<B>),
        rule("KV05", "deleting twice is no error", delete::<B>),
        rule("KV06", "a write is seen at once, by every handle", own_writes::<B>),
        rule("KV07", "buckets do not share keys", isolated::<B>),
        rule("KV08", "any text is a key or a name, and stays by itself", odd_names::<B>),
        rule("KV09", "an unlisted bucket is refused (?unlisted=NAME)", unlisted::<B>),
        rule(
            "KV10",
            "a backend that is down is an error with a text (?secret=TEXT must not be in it)",
            down::<B>,
        ),
        rule("KV11", "a walk over N keys finds exactly them (?n=)", listing::<B>),
        rule("KV13", "keys that nobody touches are found by a walk during changes", churn::<B>),
        rule("KV14", "increment starts from nothing, adds, and is decimal text", counting::increment::<B>),
        rule("KV16", "no number or no room: an error, and the value stays", counting::refused::<B>),
        rule("KV17", "get-many keeps order, length and repeats", counting::get_many::<B>),
        rule("KV18", "set-many and delete-many do all, also of nothing", counting::set_many::<B>),
        rule("KV26", "handles are given back in any order", handles::<B>),
    ]
}

/// The bucket that the test names.
pub fn bucket<B: Bucket>(query: &Query) -> Result<B, Broken> {
    Ok(B::open(query.text("bucket", "default"))?)
}

/// A bucket of the rule's own, empty.
fn own<B: Bucket>(query: &Query, id: &str) -> Result<B, Broken> {
    let bucket = B::open(&format!("{}-{id}", query.text("bucket", "default")))?;
    bucket.empty()?;
    Ok(bucket)
}

fn missing<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<B>(query)?;
    bucket.delete("KV01")?;
    ensure_eq!(bucket.get("KV01")?, None, "get");
    ensure_eq!(bucket.exists("KV01")?, false, "exists");
    Ok(())
}

fn round_trip<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<B>(query)?;
    let pattern = |length: usize| (0..length).map(|i| (i * 7 % 256) as u8).collect();
    let values: [Vec<u8>; 8] = [
        vec![],
        vec![0],
        vec![0xff, 0xfe, 0x00, 0x80],
        b"x".to_vec(),
        "žluťoučký 🐹".into(),
        pattern(4097),
        pattern(65_537),
        pattern((1 << 20) + 1),
    ];
    for value in &values {
        bucket.set("KV02", value)?;
        let got = bucket.get("KV02")?;
        ensure!(got.as_ref() == Some(value), "{} bytes come back changed", value.len());
    }
    Ok(bucket.delete("KV02")?)
}

fn overwrite<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<B>(query)?;
    bucket.set("KV03", b"a long value")?;
    bucket.set("KV03", b"short")?;
    ensure_eq!(bucket.get("KV03")?, Some(b"short".to_vec()), "get");
    Ok(bucket.delete("KV03")?)
}

fn empty<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<B>(query)?;
    bucket.set("KV04", b"")?;
    ensure_eq!(bucket.exists("KV04")?, true, "exists");
    ensure_eq!(bucket.get("KV04")?, Some(Vec::new()), "get");
    Ok(bucket.delete("KV04")?)
}

fn delete<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = bucket::<B>(query)?;
    bucket.set("KV05", b"value")?;
    bucket.delete("KV05")?;
    ensure_eq!(bucket.get("KV05")?, None, "get after delete");
    bucket.delete("KV05")?;
    Ok(())
}

fn own_writes<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let (one, two) = (bucket::<B>(query)?, bucket::<B>(query)?);
    for round in 0..20 {
        let value = format!("round {round}").into_bytes();
        one.set("KV06", &value)?;
        ensure_eq!(one.get("KV06")?, Some(value.clone()), "by the same handle");
        ensure_eq!(two.get("KV06")?, Some(value), "by another handle");
        two.delete("KV06")?;
        ensure_eq!(one.exists("KV06")?, false, "after the other's delete");
    }
    Ok(())
}

fn isolated<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let one = bucket::<B>(query)?;
    let two = B::open(query.text("other", "other"))?;
    one.set("KV07", b"one")?;
    two.set("KV07", b"two")?;
    ensure_eq!(one.get("KV07")?, Some(b"one".to_vec()), "the first bucket");
    one.delete("KV07")?;
    ensure_eq!(two.get("KV07")?, Some(b"two".to_vec()), "after delete in the other");
    Ok(two.delete("KV07")?)
}

fn odd_names<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let texts = [
        "a", "a:b", "a:*", "*", "?", "[a]", "\\", "a b", "a\nb", "a\0b", "/", "../a", "%2F", "🐹", "é",
        "e\u{301}",
    ];
    let bucket = own::<B>(query, "KV08")?;
    for text in texts.iter().chain(&[""]) {
        bucket.set(text, text.as_bytes())?;
    }
    for text in texts.iter().chain(&[""]) {
        ensure_eq!(bucket.get(text)?, Some(text.as_bytes().to_vec()), "key {text:?}");
    }
    let mut expected: Vec<String> = texts.iter().chain(&[""]).map(|t| t.to_string()).collect();
    expected.sort();
    ensure_eq!(bucket.keys()?, expected, "keys");
    bucket.empty()?;

    let name = query.text("bucket", "default");
    let buckets: Vec<B> =
        texts.iter().map(|text| B::open(&format!("{name}-KV08:{text}"))).collect::<Result<_, _>>()?;
    for (bucket, text) in buckets.iter().zip(texts) {
        bucket.empty()?;
        bucket.set("key", text.as_bytes())?;
    }
    for (bucket, text) in buckets.iter().zip(texts) {
        ensure_eq!(bucket.get("key")?, Some(text.as_bytes().to_vec()), "bucket {text:?}");
        ensure_eq!(bucket.keys()?, vec!["key".to_string()], "keys of bucket {text:?}");
    }
    for bucket in &buckets {
        bucket.empty()?;
    }
    Ok(())
}

fn unlisted<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let Some(name) = query.get("unlisted") else {
        return Err(Broken::Skipped("no bucket is named as unlisted".into()));
    };
    match B::open(name) {
        Ok(_) => Err("it opens".into()),
        Err(problem) => {
            ensure!(!problem.is_empty(), "the error says nothing");
            Ok(())
        }
    }
}

fn down<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    if query.path == "/all" {
        return Err(Broken::Skipped("it needs a backend that is down: ask for it alone".into()));
    }
    let outcome = B::open(query.text("bucket", "default")).and_then(|bucket| bucket.get("KV10"));
    match outcome {
        Ok(_) => Err("the backend answers".into()),
        Err(problem) => {
            ensure!(!problem.is_empty(), "the error says nothing");
            let leaks = query.get("secret").is_some_and(|secret| problem.contains(secret));
            ensure!(!leaks, "the error shows the secret");
            Ok(())
        }
    }
}

fn listing<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = own::<B>(query, "KV11")?;
    ensure_eq!(bucket.keys()?, Vec::<String>::new(), "keys of an empty bucket");
    let expected = numbered("key", query.number("n", 350));
    fill(&bucket, &expected)?;
    let keys = bucket.keys()?;
    ensure_eq!(keys.len(), expected.len(), "number of keys");
    ensure!(keys == expected, "other keys than were set");
    Ok(bucket.empty()?)
}

fn churn<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    let bucket = own::<B>(query, "KV13")?;
    let (still, moving) = (numbered("still", 150), numbered("moving", 150));
    fill(&bucket, &still)?;
    fill(&bucket, &moving[..75])?;
    let (mut seen, mut cursor) = (Vec::new(), None);
    for page in 0..10_000 {
        let (keys, next) = bucket.page(cursor)?;
        seen.extend(keys);
        cursor = next;
        if cursor.is_none() {
            break;
        }
        ensure!(page < 9_999, "the walk does not end");
        bucket.delete_many(&moving[..75])?;
        fill(&bucket, &moving[75..])?;
    }
    let lost = still.iter().filter(|key| !seen.contains(key)).count();
    ensure_eq!(lost, 0, "keys that the walk missed");
    Ok(bucket.empty()?)
}

fn handles<B: Bucket>(_: &IncomingRequest, query: &Query) -> Check {
    for _ in 0..1000 {
        bucket::<B>(query)?;
    }
    let mut open: Vec<B> = Vec::new();
    for _ in 0..200 {
        open.push(bucket::<B>(query)?);
    }
    for position in [100, 0, 50] {
        drop(open.swap_remove(position));
    }
    ensure_eq!(open[0].exists("KV26")?, false, "exists by a handle that is left");
    Ok(())
}

fn numbered(word: &str, count: u64) -> Vec<String> {
    let mut keys: Vec<String> = (0..count).map(|i| format!("{word}-{i:05}")).collect();
    keys.sort();
    keys
}

fn fill<B: Bucket>(bucket: &B, keys: &[String]) -> Check {
    let entries: Vec<(String, Vec<u8>)> = keys.iter().map(|k| (k.clone(), b"v".to_vec())).collect();
    Ok(bucket.set_many(&entries)?)
}
