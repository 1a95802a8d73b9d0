//! The first memory of an instance: a piece that is there from the start, so that an ordinary request never grows the
//! memory. Growing is two system calls for the host, and giving it back two more: a sixth of what a fresh instance costs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;

/// An allocator that hands out `SIZE` bytes of its own from the front, and falls back on the system's.
///
/// Only the block that was handed out last is taken back or resized in place; others come back with the instance. What a
/// reused instance keeps of it stays used, and its later requests get their memory from the system's allocator.
#[repr(align(16))]
pub struct Arena<const SIZE: usize> {
    bytes: UnsafeCell<[u8; SIZE]>,
    used: UnsafeCell<usize>,
}

// SAFETY: the bridge's modules have no threads; elsewhere (tests) an arena is neither shared nor the global allocator.
unsafe impl<const SIZE: usize> Sync for Arena<SIZE> {}

impl<const SIZE: usize> Arena<SIZE> {
    /// An arena of which nothing is used.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: UnsafeCell::new([0; SIZE]), used: UnsafeCell::new(0) }
    }

    /// Where a block begins in the arena; None for blocks of the system's allocator.
    fn position(&self, block: *mut u8) -> Option<usize> {
        let at = (block as usize).wrapping_sub(self.bytes.get() as usize);
        (at < SIZE).then_some(at)
    }
}

impl<const SIZE: usize> Default for Arena<SIZE> {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: a block of the arena is inside `bytes`, aligned to at most the arena's own 16, and below `used`, so no later block overlaps it.
unsafe impl<const SIZE: usize> GlobalAlloc for Arena<SIZE> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let used = &mut *self.used.get();
        let at = (*used + layout.align() - 1) & !(layout.align() - 1);
        if layout.align() > 16 || at.saturating_add(layout.size()) > SIZE {
            return System.alloc(layout);
        }
        *used = at + layout.size();
        self.bytes.get().cast::<u8>().add(at)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(at) = self.position(block) else {
            return System.dealloc(block, layout);
        };
        let used = &mut *self.used.get();
        if at + layout.size() == *used {
            *used = at;
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(at) = self.position(block) else {
            return System.realloc(block, layout, size);
        };
        let used = &mut *self.used.get();
        if at + layout.size() == *used && at.saturating_add(size) <= SIZE {
            *used = at + size;
            return block;
        }
        let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
        if !moved.is_null() {
            std::ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
            self.dealloc(block, layout);
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    #[test]
    fn blocks_are_apart_aligned_and_inside_until_it_is_full() {
        let arena = Arena::<256>::new();
        unsafe {
            let first = arena.alloc(layout(3, 1));
            let second = arena.alloc(layout(16, 16));
            assert_eq!(arena.position(first), Some(0));
            assert_eq!(arena.position(second), Some(16));
            assert_eq!(second as usize % 16, 0);
            let large = arena.alloc(layout(300, 8));
            assert_eq!(arena.position(large), None);
            arena.dealloc(large, layout(300, 8));
            assert_eq!(arena.position(arena.alloc(layout(224, 1))), Some(32));
            let beyond = arena.alloc(layout(1, 1));
            assert_eq!(arena.position(beyond), None);
            arena.dealloc(beyond, layout(1, 1));
        }
    }

    #[test]
    fn the_last_block_is_taken_back_and_grows_in_place_the_others_move() {
        let arena = Arena::<256>::new();
        unsafe {
            let first = arena.alloc(layout(8, 8));
            first.write_bytes(7, 8);
            let grown = arena.realloc(first, layout(8, 8), 64);
            assert_eq!(grown, first);
            let last = arena.alloc(layout(8, 8));
            let moved = arena.realloc(grown, layout(64, 8), 80);
            assert_ne!(moved, first);
            assert_eq!(std::slice::from_raw_parts(moved, 8), [7; 8]);
            arena.dealloc(moved, layout(80, 8));
            arena.dealloc(last, layout(8, 8));
            assert_eq!(arena.position(arena.alloc(layout(8, 8))), Some(64));
            let outgrown = arena.realloc(last, layout(8, 8), 1000);
            assert_eq!(arena.position(outgrown), None);
            arena.dealloc(outgrown, layout(1000, 8));
        }
    }
}
