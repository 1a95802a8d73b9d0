//! Children and parents: WASI wants a resource to outlive what was made from it, and traps otherwise.

use std::{cell::Cell, rc::Rc};

/// How many children of a resource live. Dropping it before them traps.
#[derive(Default)]
pub struct Children(Rc<Cell<u32>>);

/// Kept by a child as long as it lives.
pub struct Child(Rc<Cell<u32>>);

impl Children {
    /// One child more.
    pub fn adopt(&self) -> Child {
        self.0.set(self.0.get() + 1);
        Child(self.0.clone())
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        assert!(self.0.get() == 0, "a resource was dropped before its children");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_go_after_their_children() {
        let parent = Children::default();
        let child = parent.adopt();
        drop(child);
        drop(parent);
    }

    #[test]
    #[should_panic(expected = "before its children")]
    fn a_parent_that_goes_first_traps() {
        let parent = Children::default();
        let _child = parent.adopt();
        drop(parent);
    }
}
