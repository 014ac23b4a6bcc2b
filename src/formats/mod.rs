//! The formats that networks and images are saved in.

#[cfg(feature = "png")]
mod png;
pub(crate) mod safetensors;
