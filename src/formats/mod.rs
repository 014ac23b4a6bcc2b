//! Files that networks are saved in.

mod atomic;
mod kind;
#[cfg(feature = "png")]
mod png;
pub(crate) mod safetensors;

pub(crate) use kind::kind;
