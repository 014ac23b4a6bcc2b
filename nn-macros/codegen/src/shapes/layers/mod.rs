//! The layers of the library: shapes, types, parameters.

pub(crate) mod blocks;
pub(crate) mod simple;
pub(crate) mod window;
