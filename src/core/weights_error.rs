//! Why bytes are not the weights of a network, in words, without an allocator.

use core::fmt;

/// Why bytes are not the weights of a network: see [`Network::load_bytes`](crate::Network::load_bytes).
///
/// It displays as one sentence, and has no need of an allocator: a name that is longer than 48 bytes, or a shape of more than four dimensions,
/// is cut short.
#[derive(Clone, Copy)]
pub struct WeightsError {
    tensors: Tensors,
    dtype: Dtype,
    fault: Fault,
}

/// Calls a function with the name and shape of each tensor of a network, in order.
pub(crate) type Tensors = fn(&mut dyn FnMut(&dyn fmt::Display, &'static [usize]));

impl WeightsError {
    /// `tensors` and `dtype` are those of the network.
    pub(crate) fn new(tensors: Tensors, dtype: Dtype, fault: Fault) -> Self {
        Self { tensors, dtype, fault }
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
                let (mut written, mut place) = (Ok(()), 0);
                (self.tensors)(&mut |name, shape| {
                    if place == index {
                        let expected = reason.expected(shape, self.dtype);
                        written = write!(
                            formatter,
                            "weights, tensor `{name}`: expected {expected}, found {reason}"
                        );
                    }
                    place += 1;
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

/// Why bytes are no safetensors file, in words that stand behind "found".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) found: &'static str,
    /// Where in the file.
    pub(crate) byte: Option<usize>,
}

impl fmt::Display for Flaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.found)?;
        match self.byte {
            Some(byte) => write!(formatter, " (byte {byte})"),
            None => Ok(()),
        }
    }
}

/// A type of numbers in a file: its place among [`TYPES`](Self::TYPES), so that an error stays small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dtype(u8);

impl Dtype {
    /// The format's words, with the bits that a number takes. The first four are read into networks.
    const TYPES: [(&str, usize); 22] = [
        ("F16", 16),
        ("BF16", 16),
        ("F32", 32),
        ("F64", 64),
        ("BOOL", 8),
        ("F4", 4),
        ("F6_E2M3", 6),
        ("F6_E3M2", 6),
        ("U8", 8),
        ("I8", 8),
        ("F8_E5M2", 8),
        ("F8_E4M3", 8),
        ("F8_E8M0", 8),
        ("F8_E4M3FNUZ", 8),
        ("F8_E5M2FNUZ", 8),
        ("I16", 16),
        ("U16", 16),
        ("I32", 32),
        ("U32", 32),
        ("C64", 64),
        ("I64", 64),
        ("U64", 64),
    ];

    pub(crate) const F16: Self = Self(0);
    pub(crate) const BF16: Self = Self(1);
    pub(crate) const F32: Self = Self(2);
    pub(crate) const F64: Self = Self(3);
    #[cfg(all(feature = "files", any(feature = "train", test)))]
    pub(crate) const U8: Self = Self(8);

    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..).zip(Self::TYPES).map(|(index, _)| Self(index))
    }

    /// The format's word for it.
    pub(crate) fn word(self) -> &'static str {
        Self::TYPES[usize::from(self.0)].0
    }

    /// How many bits a number takes.
    pub(crate) fn bits(self) -> usize {
        Self::TYPES[usize::from(self.0)].1
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// Why weights do not fit a layer or network. Where there is no allocator, too: names and shapes are kept as far as there is room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// These are no weights.
    File(Flaw),
    /// One of the layer's tensors.
    Tensor { index: usize, reason: Reason },
    /// One that the layer does not have.
    Unknown(Brief, Found),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reason {
    Missing,
    Twice,
    Type(Found),
    Shape(Found),
    /// A number that the network's type cannot hold.
    Beyond(f64),
}

impl Reason {
    /// What a network needs whose tensor has this shape and this type.
    pub(crate) fn expected(self, shape: &[usize], dtype: Dtype) -> impl fmt::Display {
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
pub(crate) struct Found {
    dtype: Dtype,
    shape: Sizes,
}

impl Found {
    pub(crate) fn of(dtype: Dtype, sizes: impl Iterator<Item = usize>) -> Self {
        Self { dtype, shape: Sizes::of(sizes) }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.dtype, self.shape)
    }
}

/// The first sizes of a shape; displays as `[128, 784]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    first: [usize; 4],
    count: usize,
}

impl Sizes {
    pub(crate) fn of(sizes: impl Iterator<Item = usize>) -> Self {
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
pub(crate) struct Brief {
    text: [u8; 48],
    len: u8,
    is_whole: bool,
}

impl Brief {
    pub(crate) fn of(name: impl Iterator<Item = char>) -> Self {
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
