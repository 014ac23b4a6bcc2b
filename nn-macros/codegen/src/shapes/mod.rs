//! What a description means: the name, the shapes and the type of every layer, and what does not fit.
//!
//! `infer` turns the tree of `syntax` into that of `typed`, and asks the table in `layers` about each layer.

pub(crate) mod captures;
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
