//! The formats that networks and images are saved in.

#[cfg(feature = "png")]
pub(crate) mod png;
pub(crate) mod safetensors;
