//! Files that networks and data are saved in.

mod atomic;
pub(crate) mod kind;
#[cfg(feature = "png")]
mod png;
pub(crate) mod safetensors;
pub(crate) mod source;
