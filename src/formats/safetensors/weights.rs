//! Tensors of a file into those of a layer or network: all that belong there, or none.

use core::fmt;

use super::header::{File, Stored, Tensors};
use crate::core::Scalar;
use crate::core::weights_error::{Brief, Dtype, Fault, Found, Reason, WeightsError};
#[cfg(feature = "train")]
use crate::layers::Kind;
use crate::layers::{Described, Description, ParameterPath};

/// A tensor of a network or layer: which one, its shape in PyTorch's order, where it begins in the parameters.
#[derive(Clone, Copy)]
pub(crate) struct Tensor {
    pub(super) index: usize,
    #[cfg(feature = "train")]
    pub(crate) kind: Kind,
    pub(crate) shape: &'static [usize],
    start: usize,
}

/// What is called with each tensor.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(&ParameterPath<'_>, Tensor);

impl Tensor {
    /// Calls `visit` with those of a layer, in memory order.
    pub(super) fn each<D: Described>(visit: Visit<'_>) {
        Self::each_of(D::description(), visit);
    }

    /// The same for all layers.
    pub(crate) fn each_of(network: Description, visit: Visit<'_>) {
        let mut index = 0;
        network.tensors(&mut |path, _kind, shape, start| {
            let tensor = Self {
                index,
                #[cfg(feature = "train")]
                kind: _kind,
                shape,
                start,
            };
            visit(path, tensor);
            index += 1;
        });
    }

    pub(super) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Where the file's elements (last index fastest) are in memory: one row an index of the first dimension, one column an index of
    /// all others, columns contiguous (nalgebra's order).
    ///
    /// Three dimensions are those of an image, whose numbers are in memory as they are in the file.
    pub(super) fn positions(self) -> impl Iterator<Item = usize> {
        let rows = match self.shape {
            [rows, rest @ ..] if rest.len() != 2 => *rows,
            _ => 1,
        };
        let columns = self.len() / rows.max(1);
        (0..rows)
            .flat_map(move |row| (0..columns).map(move |column| self.start + row + column * rows))
    }

    /// Writes what a file has of it into the parameters.
    pub(crate) fn copy<T: Scalar>(self, stored: &Stored<'_>, parameters: &mut [T]) {
        let mut positions = self.positions();
        stored.dtype.numbers(stored.bytes, |number| {
            if let Some(position) = positions.next() {
                parameters[position] = number;
            }
        });
    }

    /// Whether the tensor that a file has under this one's name has its shape and a type that can be read.
    pub(crate) fn check<T: Scalar>(self, stored: &Stored<'_>) -> Result<(), Reason> {
        let found = found(stored);
        if !stored.dtype.is_read() {
            Err(Reason::Type(found))
        } else if !stored.shape.sizes().eq(self.shape.iter().copied()) {
            Err(Reason::Shape(found))
        } else if let Some(number) = stored.dtype.beyond::<T>(stored.bytes) {
            Err(Reason::Beyond(number))
        } else {
            Ok(())
        }
    }
}

/// See [`Network::load_bytes`](crate::Network::load_bytes).
pub(crate) fn load_bytes<D: Described>(
    parameters: &mut [D::Scalar],
    bytes: &[u8],
) -> Result<(), WeightsError> {
    let file = File::read(bytes).map_err(Fault::File);
    let filled = file.and_then(|file| fill::<D>(parameters, file, ""));
    filled.map_err(|fault| WeightsError::new(names::<D>, Dtype::scalar::<D::Scalar>(), fault))
}

/// The names and shapes of a layer's tensors, for its errors.
fn names<D: Described>(visit: &mut dyn FnMut(&dyn fmt::Display, &'static [usize])) {
    Tensor::each::<D>(&mut |path, tensor| visit(path, tensor.shape));
}

/// The name of a tensor in a file: that in its layer, under a prefix.
pub(super) struct Name<'a>(pub(super) &'a str, pub(super) &'a ParameterPath<'a>);

impl fmt::Display for Name<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(prefix, path) = self;
        if !prefix.is_empty() {
            write!(formatter, "{prefix}.")?;
        }
        write!(formatter, "{path}")
    }
}

/// Whether it belongs to nobody: PyTorch counts the steps of batch normalization, which nothing here depends on.
pub(super) fn is_ignored(stored: &Stored<'_>) -> bool {
    stored.name.last().eq("num_batches_tracked".chars())
}

/// All tensors of a layer from those under a prefix, or none of them.
pub(super) fn fill<D: Described>(
    parameters: &mut [D::Scalar],
    file: File<'_>,
    prefix: &str,
) -> Result<(), Fault> {
    let mut search = Search::new(file);
    let mut checked = Ok(());
    let mut count = 0;
    Tensor::each::<D>(&mut |path, tensor| {
        count += 1;
        if checked.is_err() {
            return;
        }
        let fault = |reason| Fault::Tensor { index: tensor.index, reason };
        checked = match search.find(&Name(prefix, path)) {
            Some(stored) => tensor.check::<D::Scalar>(&stored).map_err(fault),
            None => Err(fault(Reason::Missing)),
        };
    });
    checked?;

    // Each of them is there. If the file has more, there is another one, or one of them twice.
    let is_ours = |stored: &Stored<'_>| !is_ignored(stored) && stored.name.is_under(prefix);
    if file.tensors().filter(is_ours).count() != count {
        let mut ours = file.tensors().filter(is_ours);
        if let Some(other) = ours.find(|stored| !is_in::<D>(prefix, stored)) {
            return Err(Fault::Unknown(Brief::of(other.name.chars()), found(&other)));
        }
        let mut twice = None;
        Tensor::each::<D>(&mut |path, tensor| {
            let name = Name(prefix, path);
            let is_it = |stored: &Stored<'_>| stored.name.is_displayed_by(&name);
            if twice.is_none() && file.tensors().filter(is_it).count() > 1 {
                twice = Some(Fault::Tensor { index: tensor.index, reason: Reason::Twice });
            }
        });
        if let Some(fault) = twice {
            return Err(fault);
        }
    }
    let mut search = Search::new(file);
    Tensor::each::<D>(&mut |path, tensor| {
        if let Some(stored) = search.find(&Name(prefix, path)) {
            tensor.copy(&stored, parameters);
        }
    });
    Ok(())
}

/// Whether a layer has a tensor of the name that the file has, under a prefix.
fn is_in<D: Described>(prefix: &str, stored: &Stored<'_>) -> bool {
    let mut is = false;
    Tensor::each::<D>(&mut |path, _| {
        is = is || stored.name.is_displayed_by(Name(prefix, path));
    });
    is
}

/// Finds tensors by name, at once if they are asked for in the order of the file.
pub(crate) struct Search<'a> {
    file: File<'a>,
    rest: Tensors<'a>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(file: File<'a>) -> Self {
        Self { file, rest: file.tensors() }
    }

    pub(crate) fn find(&mut self, name: &dyn fmt::Display) -> Option<Stored<'a>> {
        let is_it = |stored: &Stored<'_>| stored.name.is_displayed_by(name);
        let found = self.rest.find(is_it);
        if found.is_some() {
            return found;
        }
        self.rest = self.file.tensors();
        self.rest.find(is_it)
    }
}

/// What a file has under a name.
pub(crate) fn found(stored: &Stored<'_>) -> Found {
    Found::of(stored.dtype, stored.shape.sizes())
}
