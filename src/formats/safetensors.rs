//! [safetensors](https://github.com/huggingface/safetensors): PyTorch's names, shapes and orientation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};

use super::atomic;
use crate::kernels::Scalar;
use crate::layers::{Part, Path as Name};
use crate::{Error, Network};

/// A tensor of a network: its name, its shape in PyTorch's order, where it begins in the network's parameters.
struct Tensor {
    name: String,
    shape: &'static [usize],
    start: usize,
}

impl Tensor {
    fn all<N: Network>() -> Vec<Self> {
        let mut tensors = Vec::new();
        let mut start = 0;
        N::describe(&Name::ROOT, &mut |path, part| {
            if let Part::Tensor { shape, .. } = part {
                tensors.push(Self { name: path.to_string(), shape, start });
                start += shape.iter().product::<usize>();
            }
        });
        tensors
    }

    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Where the file's elements (last index fastest) are in memory: one row an index of the first dimension, one column an index of
    /// all others, columns contiguous (nalgebra's order).
    ///
    /// Three dimensions are those of an image, whose numbers are in memory as they are in the file.
    fn positions(&self) -> impl Iterator<Item = usize> {
        let rows = match self.shape {
            [rows, rest @ ..] if rest.len() != 2 => *rows,
            _ => 1,
        };
        let columns = self.len() / rows.max(1);
        (0..self.len()).map(move |index| self.start + index / columns + index % columns * rows)
    }
}

/// `f32` or `f64` as the format names it, and its little-endian bytes.
fn dtype<T: Scalar>() -> Dtype {
    if size_of::<T>() == 4 { Dtype::F32 } else { Dtype::F64 }
}

fn to_bytes<T: Scalar>(value: T, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.extend_from_slice(bytemuck::bytes_of(&value));
    if cfg!(target_endian = "big") {
        bytes[start..].reverse();
    }
}

fn from_bytes<T: Scalar>(bytes: &[u8]) -> T {
    let mut value = T::zero();
    let target = bytemuck::bytes_of_mut(&mut value);
    target.copy_from_slice(bytes);
    if cfg!(target_endian = "big") {
        target.reverse();
    }
    value
}

/// See [`Network::save`].
pub(crate) fn save<N: Network>(net: &N, path: &Path) -> Result<(), Error> {
    let parameters = net.as_slice();
    let tensors = Tensor::all::<N>();
    let invalid = |tensor: &str, reason: &dyn std::fmt::Display| Error::Tensor {
        path: path.to_path_buf(),
        tensor: tensor.to_owned(),
        expected: "a tensor that the format can hold".to_owned(),
        found: reason.to_string(),
    };
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|tensor| {
            let mut bytes = Vec::with_capacity(tensor.len() * size_of::<N::Scalar>());
            for position in tensor.positions() {
                to_bytes(parameters[position], &mut bytes);
            }
            bytes
        })
        .collect();
    let mut views = Vec::with_capacity(tensors.len());
    for (tensor, bytes) in tensors.iter().zip(&bytes) {
        let view = TensorView::new(dtype::<N::Scalar>(), tensor.shape.to_vec(), bytes)
            .map_err(|error| invalid(&tensor.name, &error))?;
        views.push((tensor.name.as_str(), view));
    }
    let file = serialize(views, None).map_err(|error| invalid("", &error))?;
    atomic::write(path, &file)
}

/// See [`Network::load`].
pub(crate) fn load<N: Network>(path: &Path) -> Result<Box<N>, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Io {
        action: "read",
        path: path.to_path_buf(),
        source,
    })?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| Error::Format {
        path: path.to_path_buf(),
        place: "header".to_owned(),
        expected: "a safetensors file".to_owned(),
        found: error.to_string(),
    })?;
    let mut found: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    // PyTorch counts the steps of batch normalization, which nothing here depends on.
    found.retain(|name, _| !name.ends_with(".num_batches_tracked"));
    let names: BTreeSet<String> = found.keys().cloned().collect();
    let mismatch = |tensor: &str, expected: String, found: String| Error::Tensor {
        path: path.to_path_buf(),
        tensor: tensor.to_owned(),
        expected,
        found,
    };
    let mut net = N::zeros();
    let parameters = net.as_mut_slice();
    for tensor in Tensor::all::<N>() {
        let wanted = describe(dtype::<N::Scalar>(), tensor.shape);
        let Some(view) = found.remove(&tensor.name) else {
            let names = if names.is_empty() { "no tensors".to_owned() } else { list(&names) };
            let found = format!("no tensor of this name (the file has {names})");
            return Err(mismatch(&tensor.name, wanted, found));
        };
        if view.dtype() != dtype::<N::Scalar>() || view.shape() != tensor.shape {
            return Err(mismatch(&tensor.name, wanted, describe(view.dtype(), view.shape())));
        }
        let values = view.data().chunks_exact(size_of::<N::Scalar>());
        for (position, value) in tensor.positions().zip(values) {
            parameters[position] = from_bytes(value);
        }
    }
    if let Some((name, view)) = found.first_key_value() {
        let expected = format!("no such tensor in `{}`", N::NAME);
        return Err(mismatch(name, expected, describe(view.dtype(), view.shape())));
    }
    Ok(net)
}

/// `F32 [128, 784]`.
fn describe(dtype: Dtype, shape: &[usize]) -> String {
    format!("{dtype:?} {shape:?}")
}

/// The first names, and how many more there are.
fn list(names: &BTreeSet<String>) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
