//! Tensors of a file into those of a layer or network: all that belong there, or none.

use core::fmt;

use super::header::{Chars, File, Flaw, Stored, Tensors};
use super::numbers::Dtype;
use crate::Layer;
use crate::core::Scalar;
use crate::layers::{Part, Path};

/// A tensor of a network or layer: which one, its shape in PyTorch's order, where it begins in the parameters.
#[derive(Clone, Copy)]
pub(super) struct Tensor {
    pub(super) index: usize,
    pub(super) shape: &'static [usize],
    start: usize,
}

/// What is called with each tensor.
type Visit<'a> = &'a mut dyn FnMut(&Path<'_>, Tensor);

impl Tensor {
    /// Calls `visit` with those of a layer, in memory order.
    pub(super) fn each<L: Layer>(visit: Visit<'_>) {
        let (mut index, mut start) = (0, 0);
        L::describe(&Path::ROOT, &mut |path, part| {
            if let Part::Tensor { shape, .. } = part {
                let tensor = Self { index, shape, start };
                visit(path, tensor);
                index += 1;
                start += tensor.len();
            }
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
    pub(super) fn copy<T: Scalar>(self, stored: &Stored<'_>, parameters: &mut [T]) {
        let mut positions = self.positions();
        stored.dtype.numbers(stored.bytes, |number| {
            if let Some(position) = positions.next() {
                parameters[position] = number;
            }
        });
    }

    /// Whether what a file has under its name is what it needs.
    pub(super) fn check<T: Scalar>(self, stored: &Stored<'_>) -> Result<(), Reason> {
        let found = Found::of(stored);
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
pub(crate) fn load_bytes<L: Layer>(layer: &mut L, bytes: &[u8]) -> Result<(), WeightsError> {
    let file = File::read(bytes).map_err(Fault::File);
    let filled = file.and_then(|file| fill(layer, file, ""));
    filled.map_err(WeightsError::of::<L>)
}

/// The name of a tensor in a file: that in its layer, under a prefix.
pub(super) struct Name<'a>(pub(super) &'a str, pub(super) &'a Path<'a>);

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
pub(super) fn fill<L: Layer>(layer: &mut L, file: File<'_>, prefix: &str) -> Result<(), Fault> {
    let mut search = Search::new(file);
    let mut checked = Ok(());
    let mut count = 0;
    Tensor::each::<L>(&mut |path, tensor| {
        count += 1;
        if checked.is_err() {
            return;
        }
        let fault = |reason| Fault::Tensor { index: tensor.index, reason };
        checked = match search.find(&Name(prefix, path)) {
            Some(stored) => tensor.check::<L::Scalar>(&stored).map_err(fault),
            None => Err(fault(Reason::Missing)),
        };
    });
    checked?;

    // Each of them is there. If the file has more, there is another one, or one of them twice.
    let is_ours = |stored: &Stored<'_>| !is_ignored(stored) && stored.name.is_under(prefix);
    if file.tensors().filter(is_ours).count() != count {
        let mut ours = file.tensors().filter(is_ours);
        if let Some(other) = ours.find(|stored| !is_in::<L>(prefix, stored)) {
            return Err(Fault::Unknown(Brief::of(other.name.chars()), Found::of(&other)));
        }
        let mut twice = None;
        Tensor::each::<L>(&mut |path, tensor| {
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
    Tensor::each::<L>(&mut |path, tensor| {
        if let Some(stored) = search.find(&Name(prefix, path)) {
            tensor.copy(&stored, layer.as_mut_slice());
        }
    });
    Ok(())
}

/// Whether a layer has a tensor of the name that the file has, under a prefix.
fn is_in<L: Layer>(prefix: &str, stored: &Stored<'_>) -> bool {
    let mut is = false;
    Tensor::each::<L>(&mut |path, _| {
        is = is || stored.name.is_displayed_by(Name(prefix, path));
    });
    is
}

/// Finds tensors by name, at once if they are asked for in the order of the file.
struct Search<'a> {
    file: File<'a>,
    rest: Tensors<'a>,
}

impl<'a> Search<'a> {
    fn new(file: File<'a>) -> Self {
        Self { file, rest: file.tensors() }
    }

    fn find(&mut self, name: &Name<'_>) -> Option<Stored<'a>> {
        let is_it = |stored: &Stored<'_>| stored.name.is_displayed_by(name);
        let found = self.rest.find(is_it);
        if found.is_some() {
            return found;
        }
        self.rest = self.file.tensors();
        self.rest.find(is_it)
    }
}

/// Why weights do not fit a layer or network. Where there is no allocator, too: names and shapes are kept as far as there is room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// These are no weights.
    File(Flaw),
    /// One of the layer's tensors.
    Tensor { index: usize, reason: Reason },
    /// One that the layer does not have.
    Unknown(Brief, Found),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reason {
    Missing,
    Twice,
    Type(Found),
    Shape(Found),
    /// A number that the network's type cannot hold.
    Beyond(f64),
}

impl Reason {
    /// What a network needs whose tensor has this shape and this type.
    pub(super) fn expected(self, shape: &[usize], dtype: Dtype) -> impl fmt::Display {
        Expected { reason: self, shape: Sizes::of(shape.iter().copied()), dtype }
    }
}

struct Expected {
    reason: Reason,
    shape: Sizes,
    dtype: Dtype,
}

impl fmt::Display for Expected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, shape, dtype } = self;
        match reason {
            Reason::Type(_) => write!(formatter, "F16, BF16, F32 or F64 {shape}"),
            // Of the type that was found, for that is right.
            Reason::Shape(found) => write!(formatter, "{} {shape}", found.dtype),
            Reason::Beyond(_) => write!(formatter, "numbers that {dtype} can hold"),
            Reason::Missing | Reason::Twice => write!(formatter, "{dtype} {shape}"),
        }
    }
}

impl fmt::Display for Reason {
    /// What was found.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("no tensor of this name"),
            Self::Twice => formatter.write_str("two tensors of this name"),
            Self::Type(found) | Self::Shape(found) => write!(formatter, "{found}"),
            Self::Beyond(number) => write!(formatter, "{number:e}"),
        }
    }
}

/// A tensor's type and shape; displays as `F32 [128, 784]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    dtype: Dtype,
    shape: Sizes,
}

impl Found {
    /// What a network of these numbers has itself.
    #[cfg(feature = "std")]
    pub(super) fn own<T: Scalar>(shape: &[usize]) -> Self {
        Self { dtype: Dtype::scalar::<T>(), shape: Sizes::of(shape.iter().copied()) }
    }

    pub(super) fn of(stored: &Stored<'_>) -> Self {
        Self { dtype: stored.dtype, shape: Sizes::of(stored.shape.sizes()) }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.dtype, self.shape)
    }
}

/// The first sizes of a shape; displays as `[128, 784]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    first: [usize; 4],
    count: usize,
}

impl Sizes {
    pub(super) fn of(sizes: impl Iterator<Item = usize>) -> Self {
        let mut shape = Self { first: [0; 4], count: 0 };
        for size in sizes {
            if let Some(place) = shape.first.get_mut(shape.count) {
                *place = size;
            }
            shape.count += 1;
        }
        shape
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[")?;
        for (index, size) in self.first.iter().take(self.count).enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}{size}")?;
        }
        formatter.write_str(if self.count > self.first.len() { ", …]" } else { "]" })
    }
}

/// The beginning of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Brief {
    text: [u8; 48],
    len: u8,
    is_whole: bool,
}

impl Brief {
    fn of(name: Chars<'_>) -> Self {
        let mut brief = Self { text: [0; 48], len: 0, is_whole: true };
        for character in name {
            let start = usize::from(brief.len);
            let end = start + character.len_utf8();
            let Some(room) = brief.text.get_mut(start..end) else {
                brief.is_whole = false;
                break;
            };
            character.encode_utf8(room);
            brief.len = end as u8;
        }
        brief
    }
}

impl fmt::Display for Brief {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = core::str::from_utf8(&self.text[..usize::from(self.len)]).unwrap_or("");
        formatter.write_str(text)?;
        formatter.write_str(if self.is_whole { "" } else { "…" })
    }
}

/// Why bytes are not the weights of a network: see [`Network::load_bytes`](crate::Network::load_bytes).
///
/// It displays as one sentence, and has no need of an allocator: a name that is longer than 48 bytes, or a shape of more than four dimensions,
/// is cut short.
#[derive(Clone, Copy)]
pub struct WeightsError {
    /// The network's tensors.
    each: fn(Visit<'_>),
    dtype: Dtype,
    fault: Fault,
}

impl WeightsError {
    pub(super) fn of<L: Layer>(fault: Fault) -> Self {
        Self { each: Tensor::each::<L>, dtype: Dtype::scalar::<L::Scalar>(), fault }
    }
}

impl core::error::Error for WeightsError {}

impl fmt::Display for WeightsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            Fault::File(flaw) => {
                write!(formatter, "weights, header: expected a safetensors file, found {flaw}")
            }
            Fault::Unknown(name, found) => write!(
                formatter,
                "weights, tensor `{name}`: expected no such tensor in the network, found {found}"
            ),
            Fault::Tensor { index, reason } => {
                let mut written = Ok(());
                (self.each)(&mut |path, tensor| {
                    if tensor.index == index {
                        let expected = reason.expected(tensor.shape, self.dtype);
                        written = write!(
                            formatter,
                            "weights, tensor `{path}`: expected {expected}, found {reason}"
                        );
                    }
                });
                written
            }
        }
    }
}

impl fmt::Debug for WeightsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
