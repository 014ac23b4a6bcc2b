//! Files that networks and data are saved in.

#[cfg(feature = "std")]
mod atomic;
pub(crate) mod kind;
#[cfg(feature = "png")]
mod png;
pub(crate) mod safetensors;
#[cfg(feature = "std")]
pub(crate) mod source;
