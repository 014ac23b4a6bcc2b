//! The layers of the library. `table` has a row for each; its functions are in the files beside it.

pub(crate) mod blocks;
pub(crate) mod operands;
pub(crate) mod simple;
pub(crate) mod table;
pub(crate) mod window;
