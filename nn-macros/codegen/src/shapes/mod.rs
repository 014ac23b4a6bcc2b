//! What a description means: the name, the shapes and the type of every layer, and what does not fit.
//!
//! `infer` makes of the tree of `syntax` the tree of `typed`, by the table of `layers`.

pub(crate) mod constants;
pub(crate) mod diagnostics;
pub(crate) mod infer;
pub(crate) mod layers;
pub(crate) mod names;
pub(crate) mod probabilities;
pub(crate) mod shape;
pub(crate) mod sizes;
pub(crate) mod typed;
pub(crate) mod types;
