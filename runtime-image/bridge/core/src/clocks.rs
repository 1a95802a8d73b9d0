//! `wasi:clocks`.

use crate::bindings::exports::wasi::clocks::{monotonic_clock, wall_clock};
use crate::http::served;
use crate::io::poll::{pollable, Subject};
use crate::{host, Core};

const SECOND: u64 = 1_000_000_000;

fn datetime(nanoseconds: u64) -> wall_clock::Datetime {
    wall_clock::Datetime { seconds: nanoseconds / SECOND, nanoseconds: (nanoseconds % SECOND) as u32 }
}

impl monotonic_clock::Guest for Core {
    fn now() -> u64 {
        let now = host::monotonic_now();
        served::tick(now);
        now
    }

    fn resolution() -> u64 {
        1
    }

    fn subscribe_instant(when: u64) -> monotonic_clock::Pollable {
        pollable(Subject::Time(when), None)
    }

    fn subscribe_duration(duration: u64) -> monotonic_clock::Pollable {
        match duration {
            0 => pollable(Subject::Always, None),
            _ => pollable(Subject::Time(host::monotonic_now().saturating_add(duration)), None),
        }
    }
}

impl wall_clock::Guest for Core {
    fn now() -> wall_clock::Datetime {
        datetime(host::wall_now())
    }

    fn resolution() -> wall_clock::Datetime {
        datetime(1000)
    }
}
