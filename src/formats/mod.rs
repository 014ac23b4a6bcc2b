//! Files that networks are saved in.

mod atomic;
pub(crate) mod safetensors;
