//! Matrix products.

pub(crate) mod gemv;
pub(crate) mod microkernel;
pub(crate) mod narrow;
pub(crate) mod packed;
pub(crate) mod split_k;
pub(crate) mod swapped;
pub(crate) mod transposed_a;

pub(crate) use gemv::{ProductOfOne, product_one};
pub(crate) use microkernel::{Product, Start};
pub(crate) use split_k::{cut_inputs, is_halved};
pub(crate) use transposed_a::TransposedProduct;
