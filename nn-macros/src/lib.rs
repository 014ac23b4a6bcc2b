//! The `network!` macro of axonal. Use it through the `axonal` crate.
