//! Files that networks are saved in.

mod atomic;
#[cfg(feature = "png")]
mod png;
pub(crate) mod safetensors;
