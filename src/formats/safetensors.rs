//! [safetensors](https://github.com/huggingface/safetensors): PyTorch's names, shapes and orientation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};

use super::atomic;
use super::kind::kind;
use crate::kernels::Scalar;
use crate::layers::{Part, Path as Name};
use crate::transfer::{Kept, Matching};
use crate::{Error, Layer, Network};

/// A tensor of a network or layer: its name, its shape in PyTorch's order, where it begins in the parameters.
struct Tensor {
    name: String,
    shape: &'static [usize],
    start: usize,
}

impl Tensor {
    /// Those of a layer whose place in the file is `prefix`.
    fn all<L: Layer>(prefix: &str) -> Vec<Self> {
        let mut tensors = Vec::new();
        let mut start = 0;
        L::describe(&Name::ROOT, &mut |path, part| {
            if let Part::Tensor { shape, .. } = part {
                tensors.push(Self { name: format!("{}{path}", before(prefix)), shape, start });
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

/// What stands before the names of tensors under a prefix: `conv1.`.
fn before(prefix: &str) -> String {
    if prefix.is_empty() { String::new() } else { format!("{prefix}.") }
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

/// See [`Network::save`] and [`Transfer::save_to`](crate::Transfer::save_to).
pub(crate) fn save<L: Layer>(layer: &L, path: &Path, prefix: &str) -> Result<(), Error> {
    let parameters = layer.as_slice();
    let tensors = Tensor::all::<L>(prefix);
    let invalid = |tensor: &str, reason: &dyn std::fmt::Display| Error::Tensor {
        path: path.to_path_buf(),
        tensor: tensor.to_owned(),
        expected: "a tensor that the format can hold".to_owned(),
        found: reason.to_string(),
    };
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|tensor| {
            let mut bytes = Vec::with_capacity(tensor.len() * size_of::<L::Scalar>());
            for position in tensor.positions() {
                to_bytes(parameters[position], &mut bytes);
            }
            bytes
        })
        .collect();
    let mut views = Vec::with_capacity(tensors.len());
    for (tensor, bytes) in tensors.iter().zip(&bytes) {
        let view = TensorView::new(dtype::<L::Scalar>(), tensor.shape.to_vec(), bytes)
            .map_err(|error| invalid(&tensor.name, &error))?;
        views.push((tensor.name.as_str(), view));
    }
    let file = serialize(views, None).map_err(|error| invalid("", &error))?;
    atomic::write(path, &file)
}

/// See [`Network::load`].
pub(crate) fn load<N: Network>(path: &Path) -> Result<Box<N>, Error> {
    let mut net = N::zeros();
    File::read(path, |file| fill(&mut *net, &file, "", &format!("`{}`", N::NAME)))?;
    Ok(net)
}

/// See [`Transfer::load_from`](crate::Transfer::load_from).
pub(crate) fn load_from<L: Layer>(layer: &mut L, path: &Path, prefix: &str) -> Result<(), Error> {
    File::read(path, |file| {
        fill(layer, &file, prefix, &format!("the layer loaded from `{prefix}`"))
    })
}

/// See [`Transfer::load_matching`](crate::Transfer::load_matching).
pub(crate) fn load_matching<L: Layer>(layer: &mut L, path: &Path) -> Result<Matching, Error> {
    File::read(path, |file| {
        let mut matching = Matching::default();
        let mut fitting = Vec::new();
        let tensors = Tensor::all::<L>("");
        let names: BTreeSet<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
        let unused = file.tensors.keys().filter(|name| !names.contains(name.as_str()));
        matching.unused.extend(unused.cloned());
        for tensor in &tensors {
            match file.tensor::<L::Scalar>(tensor) {
                Ok(view) => {
                    matching.loaded.push(tensor.name.clone());
                    fitting.push((tensor, view));
                }
                Err(Mismatch { expected, found }) => {
                    matching.kept.push(Kept { tensor: tensor.name.clone(), expected, found });
                }
            }
        }
        if let ([], [first, ..]) = (fitting.as_slice(), tensors.as_slice()) {
            let wanted = describe(dtype::<L::Scalar>(), first.shape);
            return Err(Error::Format {
                path: path.to_path_buf(),
                place: "tensors".to_owned(),
                expected: format!(
                    "one at least that the network has too, such as `{}` {wanted}",
                    first.name
                ),
                found: file.list(),
            });
        }
        copy(layer, &fitting);
        Ok(matching)
    })
}

/// All tensors of a layer from those under a prefix, or none of them.
fn fill<L: Layer>(layer: &mut L, file: &File<'_>, prefix: &str, what: &str) -> Result<(), Error> {
    let mismatch = |tensor: &str, expected: String, found: String| Error::Tensor {
        path: file.path.to_path_buf(),
        tensor: tensor.to_owned(),
        expected,
        found,
    };
    let tensors = Tensor::all::<L>(prefix);
    let mut fitting = Vec::new();
    for tensor in &tensors {
        match file.tensor::<L::Scalar>(tensor) {
            Ok(view) => fitting.push((tensor, view)),
            Err(Mismatch { expected, found }) => {
                let found = found.unwrap_or_else(|| {
                    format!("no tensor of this name (the file has {})", file.list())
                });
                return Err(mismatch(&tensor.name, expected, found));
            }
        }
    }
    let names: BTreeSet<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    for (name, view) in &file.tensors {
        if name.starts_with(&before(prefix)) && !names.contains(name.as_str()) {
            let expected = format!("no such tensor in {what}");
            return Err(mismatch(name, expected, describe(view.dtype(), view.shape())));
        }
    }
    copy(layer, &fitting);
    Ok(())
}

/// Writes tensors that fit into the parameters.
fn copy<L: Layer>(layer: &mut L, tensors: &[(&Tensor, &TensorView<'_>)]) {
    let parameters = layer.as_mut_slice();
    for (tensor, view) in tensors {
        let values = view.data().chunks_exact(size_of::<L::Scalar>());
        for (position, value) in tensor.positions().zip(values) {
            parameters[position] = from_bytes(value);
        }
    }
}

/// The tensors of a file.
struct File<'a> {
    path: &'a Path,
    tensors: BTreeMap<String, TensorView<'a>>,
}

/// Why a tensor of the file is not what the network needs.
struct Mismatch {
    expected: String,
    /// Nothing if there is none of the name.
    found: Option<String>,
}

impl File<'_> {
    fn read<R>(path: &Path, then: impl FnOnce(File<'_>) -> Result<R, Error>) -> Result<R, Error> {
        let bytes = fs::read(path).map_err(|source| Error::Io {
            action: "read",
            path: path.to_path_buf(),
            source,
        })?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| Error::Format {
            path: path.to_path_buf(),
            place: "header".to_owned(),
            expected: "a safetensors file".to_owned(),
            found: kind(&bytes).map_or_else(|| error.to_string(), str::to_owned),
        })?;
        let mut tensors: BTreeMap<_, _> = file.tensors().into_iter().collect();
        // PyTorch counts the steps of batch normalization, which nothing here depends on.
        tensors.retain(|name, _| name.rsplit('.').next() != Some("num_batches_tracked"));
        then(File { path, tensors })
    }

    /// The file's tensor of this name, if it has the shape and the type that it needs.
    fn tensor<T: Scalar>(&self, tensor: &Tensor) -> Result<&TensorView<'_>, Mismatch> {
        let expected = describe(dtype::<T>(), tensor.shape);
        match self.tensors.get(&tensor.name) {
            None => Err(Mismatch { expected, found: None }),
            Some(view) if view.dtype() == dtype::<T>() && view.shape() == tensor.shape => Ok(view),
            Some(view) => {
                Err(Mismatch { expected, found: Some(describe(view.dtype(), view.shape())) })
            }
        }
    }

    /// The first names, and how many more there are.
    fn list(&self) -> String {
        const SHOWN: usize = 8;
        if self.tensors.is_empty() {
            return "no tensors".to_owned();
        }
        let shown: Vec<_> =
            self.tensors.keys().take(SHOWN).map(|name| format!("`{name}`")).collect();
        let shown = shown.join(", ");
        match self.tensors.len().saturating_sub(SHOWN) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }
}

/// `F32 [128, 784]`.
fn describe(dtype: Dtype, shape: &[usize]) -> String {
    format!("{dtype:?} {shape:?}")
}
