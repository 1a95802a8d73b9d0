//! `wasi:io/poll`: whatever needs the host to wait is waited for in one crossing.

use std::rc::Rc;

use super::{family::Child, input::Source, output::Sink};
use crate::bindings::exports::wasi::io::poll;
use crate::host::{self, Event};
use crate::http::{incoming, served};
use crate::Core;

/// What a pollable stands for.
pub enum Subject {
    Always,
    Time(u64),
    Input(Rc<Source>),
    Output(Rc<Sink>),
    Response(Rc<incoming::Awaited>),
    Trailers(Rc<incoming::Ending>),
}

pub struct Pollable {
    subject: Subject,
    _parent: Option<Child>,
}

/// What must happen before a subject is ready.
pub enum Need {
    Nothing,
    Time(u64),
    Host(u32, Event),
}

impl Pollable {
    fn need(&self) -> Need {
        match &self.subject {
            Subject::Always => Need::Nothing,
            Subject::Time(at) => Need::Time(*at),
            Subject::Input(source) => source.need(),
            Subject::Output(sink) => sink.need(),
            Subject::Response(awaited) => awaited.need(),
            Subject::Trailers(ending) => ending.need(),
        }
    }
}

/// A new pollable, child of what it was made from.
pub fn pollable(subject: Subject, parent: Option<Child>) -> poll::Pollable {
    poll::Pollable::new(Pollable { subject, _parent: parent })
}

impl poll::GuestPollable for Pollable {
    fn ready(&self) -> bool {
        match self.need() {
            Need::Nothing => true,
            Need::Time(at) => host::monotonic_now() >= at,
            Need::Host(handle, event) => match &self.subject {
                Subject::Input(source) => source.prefetch(false),
                _ => !host::wait(&[(handle, event)], 0).is_empty(),
            },
        }
    }

    fn block(&self) {
        match self.need() {
            Need::Nothing => {}
            Need::Time(at) => {
                served::hand_over();
                host::wait(&[], at);
            }
            Need::Host(handle, event) => {
                served::hand_over();
                match &self.subject {
                    // Reading is waiting too, and brings the bytes along.
                    Subject::Input(source) => drop(source.prefetch(true)),
                    _ => drop(host::wait(&[(handle, event)], host::NEVER)),
                }
            }
        }
    }
}

impl poll::Guest for Core {
    type Pollable = Pollable;

    fn poll(pollables: Vec<poll::PollableBorrow<'_>>) -> Vec<u32> {
        assert!(!pollables.is_empty(), "poll of nothing");
        let needs: Vec<Need> = pollables.iter().map(|p| p.get::<Pollable>().need()).collect();
        let mut ready: Vec<u32> = Vec::new();
        let (mut times, mut hosts, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (place, need) in needs.iter().enumerate() {
            match *need {
                Need::Nothing => ready.push(place as u32),
                Need::Time(at) => times.push((place as u32, at)),
                Need::Host(handle, event) => {
                    hosts.push((handle, event));
                    places.push(place as u32);
                }
            }
        }
        if hosts.is_empty() && times.is_empty() {
            return ready;
        }
        // Something that is always ready must not hide the rest: look, but do not sleep.
        let first = times.iter().map(|(_, at)| *at).min().unwrap_or(host::NEVER);
        let look_only = !ready.is_empty();
        if !hosts.is_empty() || !look_only {
            if !look_only {
                served::hand_over();
            }
            let deadline = if look_only { 0 } else { first };
            ready.extend(host::wait(&hosts, deadline).into_iter().map(|i| places[i]));
        }
        if !times.is_empty() {
            // A host may wake a little early by its clock; what it waited for has come.
            let now = host::monotonic_now().max(if ready.is_empty() { first } else { 0 });
            ready.extend(times.iter().filter(|(_, at)| *at <= now).map(|(place, _)| *place));
        }
        ready.sort_unstable();
        ready
    }
}
