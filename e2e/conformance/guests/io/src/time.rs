//! Polls and clocks. Waits are judged from below only: a busy machine may take longer.

use harness::http::IncomingRequest;
use harness::poll::{poll, Pollable};
use harness::{ensure, ensure_eq, Broken, Check, Query};

use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};

const MS: u64 = 1_000_000;

/// IO01.
pub fn poll_many(_: &IncomingRequest, _: &Query) -> Check {
    let (soon, late, now) = (
        monotonic_clock::subscribe_duration(20 * MS),
        monotonic_clock::subscribe_duration(3_600_000 * MS),
        monotonic_clock::subscribe_duration(0),
    );
    let ready = poll(&[&soon, &late, &now]);
    ensure!(ready.contains(&2) && !ready.contains(&1), "at first: {ready:?}");
    let ready = poll(&[&late, &soon]);
    ensure_eq!(ready, vec![1], "after a wait");
    let both = poll(&[&soon, &soon]);
    ensure_eq!(both, vec![0, 1], "the same pollable twice");
    let many: Vec<Pollable> = (0..100).map(|_| monotonic_clock::subscribe_duration(0)).collect();
    ensure_eq!(poll(&many.iter().collect::<Vec<_>>()).len(), 100, "ready ones of a hundred");
    Ok(())
}

/// IO02.
pub fn poll_again(_: &IncomingRequest, _: &Query) -> Check {
    let pollable = monotonic_clock::subscribe_duration(10 * MS);
    pollable.block();
    for _ in 0..3 {
        ensure!(pollable.ready(), "it is not ready any more");
        pollable.block();
    }
    let late = monotonic_clock::subscribe_duration(3_600_000 * MS);
    ensure!(!late.ready(), "an hour has passed");
    Ok(())
}

/// IO03. An answer is a broken rule: the host ends the instance.
pub fn poll_nothing(_: &IncomingRequest, query: &Query) -> Check {
    if query.path == "/all" {
        return Err(Broken::Skipped("it ends the instance: ask for it alone".into()));
    }
    Err(format!("poll of nothing said {:?} instead of a trap", poll(&[])).into())
}

/// CL01.
pub fn monotonic(_: &IncomingRequest, _: &Query) -> Check {
    let mut last = monotonic_clock::now();
    for _ in 0..1000 {
        let now = monotonic_clock::now();
        ensure!(now >= last, "the clock went back from {last} to {now}");
        last = now;
    }
    ensure!(monotonic_clock::resolution() > 0, "the resolution is nothing");
    let begin = monotonic_clock::now();
    monotonic_clock::subscribe_duration(30 * MS).block();
    let took = monotonic_clock::now() - begin;
    ensure!(took >= 30 * MS, "a wait of 30 ms took {took} ns");
    let begin = monotonic_clock::now();
    monotonic_clock::subscribe_instant(begin + 30 * MS).block();
    let took = monotonic_clock::now() - begin;
    ensure!(took >= 30 * MS, "a wait for an instant in 30 ms took {took} ns");
    Ok(())
}

/// CL02.
pub fn past(_: &IncomingRequest, _: &Query) -> Check {
    let hour = monotonic_clock::subscribe_duration(3_600_000 * MS);
    let ready = poll(&[&monotonic_clock::subscribe_duration(0), &hour]);
    ensure_eq!(ready, vec![0], "poll of a duration of nothing");
    let ready = poll(&[&monotonic_clock::subscribe_instant(0), &hour]);
    ensure_eq!(ready, vec![0], "poll of an instant in the past");
    // The largest duration: no overflow on the host's side.
    ensure!(!monotonic_clock::subscribe_duration(u64::MAX).ready(), "for ever is over");
    Ok(())
}

/// CL03.
pub fn wall(_: &IncomingRequest, _: &Query) -> Check {
    let now = wall_clock::now();
    ensure!(now.seconds > 1_700_000_000 && now.seconds < 4_102_444_800, "seconds {}", now.seconds);
    ensure!(now.nanoseconds < 1_000_000_000, "nanoseconds {}", now.nanoseconds);
    ensure!(wall_clock::resolution().nanoseconds < 1_000_000_000, "resolution");
    Ok(())
}
