//! What a description means: the name, the shapes and the type of every layer, and what does not fit.

pub(crate) mod constants;
pub(crate) mod infer;
pub(crate) mod layer;
pub(crate) mod layers;
pub(crate) mod names;
pub(crate) mod sizes;
