//! Resources of which there is none: their methods exist, so that components link, and can never be called.

/// A value that cannot be made.
pub enum Nobody {}

/// Implements a resource's trait for `Nobody`: `Trait { method(argument types) -> result; … }`.
macro_rules! nobody {
    ($($resource:ident { $($method:ident($($argument:ty),*) -> $result:ty;)* })*) => {
        $(impl $resource for crate::io::nobody::Nobody {
            $(fn $method(&self, $(_: $argument),*) -> $result {
                match *self {}
            })*
        })*
    };
}
pub(crate) use nobody;
