//! Parameters and other tensors as the bytes of a file.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::weights::{Name, Tensor};
use crate::core::Scalar;
use crate::core::weights_error::Dtype;
use crate::layers::Described;

/// The tensors in memory order, with a prefix to their names.
pub(crate) fn to_bytes<D: Described>(parameters: &[D::Scalar], prefix: &str) -> Vec<u8> {
    Writing::new().parameters::<D>(parameters, prefix).finish()
}

/// A file that is put together. Numbers are copied once, by [`finish`](Self::finish).
pub(crate) struct Writing<'a> {
    metadata: Vec<(String, String)>,
    tensors: Vec<Entry<'a>>,
}

/// A tensor of the file.
struct Entry<'a> {
    name: String,
    dtype: Dtype,
    shape: Cow<'a, [usize]>,
    write: Append<'a>,
}

/// Appends the numbers of a tensor to the bytes of a file.
type Append<'a> = Box<dyn Fn(&mut Vec<u8>) + 'a>;

impl Entry<'_> {
    /// In bytes.
    fn len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype.bits() / 8
    }
}

impl<'a> Writing<'a> {
    pub(crate) fn new() -> Self {
        Self { metadata: Vec::new(), tensors: Vec::new() }
    }

    /// The tensors of a layer or network, in memory order, with a prefix to their names.
    pub(crate) fn parameters<D: Described>(
        mut self,
        numbers: &'a [D::Scalar],
        prefix: &str,
    ) -> Self {
        Tensor::each::<D>(&mut |path, tensor| {
            self.push(&Name(prefix, path), tensor, Some(numbers));
        });
        self
    }

    /// A tensor of a network, whose numbers are among those of the whole; zeros, if there are none.
    pub(crate) fn push<T: Scalar>(
        &mut self,
        name: &dyn fmt::Display,
        tensor: Tensor,
        numbers: Option<&'a [T]>,
    ) {
        self.tensors.push(Entry {
            name: name.to_string(),
            dtype: Dtype::scalar::<T>(),
            shape: Cow::Borrowed(tensor.shape),
            write: Box::new(move |bytes| match numbers {
                Some(numbers) => {
                    tensor.positions().for_each(|position| append(bytes, &numbers[position]));
                }
                None => (0..tensor.len()).for_each(|_| append(bytes, &T::zero())),
            }),
        });
    }

    /// Any other tensor, by its bytes: little-endian numbers, the last index fastest.
    ///
    /// # Panics
    ///
    /// If there are not as many bytes as the shape takes.
    #[cfg(any(feature = "train", feature = "files"))]
    pub(crate) fn tensor(
        mut self,
        name: impl fmt::Display,
        dtype: Dtype,
        shape: &[usize],
        bytes: impl Into<Cow<'a, [u8]>>,
    ) -> Self {
        let (name, shape, bytes) = (name.to_string(), shape.to_vec().into(), bytes.into());
        let len = bytes.len();
        let write = Box::new(move |all: &mut Vec<u8>| all.extend_from_slice(&bytes));
        let entry = Entry { name, dtype, shape, write };
        assert_eq!(entry.len(), len, "a tensor `{}` of another length than its shape", entry.name);
        self.tensors.push(entry);
        self
    }

    /// A text of `__metadata__`, under a key that has none yet.
    #[cfg(any(feature = "train", feature = "files"))]
    pub(crate) fn metadata(mut self, key: impl fmt::Display, value: impl fmt::Display) -> Self {
        self.metadata.push((key.to_string(), value.to_string()));
        self
    }

    /// The bytes of the file. Wide numbers come first, so that each begins where it can be read in place.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.tensors.sort_by_key(|tensor| core::cmp::Reverse(tensor.dtype.bits()));
        let mut header = String::from("{");
        if !self.metadata.is_empty() {
            header.push_str(r#""__metadata__":{"#);
            for (index, (key, value)) in self.metadata.iter().enumerate() {
                let separator = if index == 0 { "" } else { "," };
                // Writing to a string cannot fail.
                let _ = write!(header, "{separator}{}:{}", quoted(key), quoted(value));
            }
            header.push('}');
        }
        let mut at = 0;
        for tensor in &self.tensors {
            let separator = if header.len() == 1 { "" } else { "," };
            let Entry { name, dtype, shape, .. } = tensor;
            let (name, end) = (quoted(name), at + tensor.len());
            let _ = write!(
                header,
                r#"{separator}{name}:{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{at},{end}]}}"#
            );
            at = end;
        }
        header.push('}');
        // So that the numbers begin where a mapped file can be read in place.
        while header.len() % 8 != 0 {
            header.push(' ');
        }
        let mut bytes = Vec::with_capacity(size_of::<u64>() + header.len() + at);
        bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        for tensor in &self.tensors {
            (tensor.write)(&mut bytes);
        }
        bytes
    }
}

/// Appends the bytes of a number, the lowest first.
fn append<T: Scalar>(bytes: &mut Vec<u8>, number: &T) {
    let start = bytes.len();
    bytes.extend_from_slice(bytemuck::bytes_of(number));
    if cfg!(target_endian = "big") {
        bytes[start..].reverse();
    }
}

/// A string of JSON.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use safetensors::SafeTensors;

    use super::*;
    use crate::formats::safetensors::File;

    /// What is written is what the format's own library reads, and what is read here: strange names, empty tensors, bytes of any length before wide numbers.
    #[test]
    fn all_kinds_of_tensors_and_metadata() {
        let strange = "a \"quoted\"\\ \n\t\u{1} ünïcödé 😀. .";
        let numbers = [1.5_f64, -0.0, f64::NAN];
        let wide: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let bytes = Writing::new()
            .metadata("", "")
            .metadata(strange, strange)
            .tensor("bytes", Dtype::U8, &[5], &b"12345"[..])
            .tensor(strange, Dtype::U8, &[0], Vec::new())
            .tensor("wide", Dtype::F64, &[3, 1], wide.clone())
            .tensor("scalar", Dtype::F32, &[], 2.5_f32.to_le_bytes().to_vec())
            .metadata("last", 7)
            .finish();

        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.len(), 4);
        assert_eq!(file.tensor("bytes").unwrap().data(), b"12345");
        assert_eq!(file.tensor("wide").unwrap().data(), wide);
        assert_eq!(file.tensor("scalar").unwrap().shape(), [0; 0]);
        assert_eq!(file.tensor(strange).unwrap().data(), b"");
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().as_ref().unwrap();
        assert_eq!((metadata.len(), &*metadata[strange]), (3, strange));
        // Each where its numbers can be read in place.
        let place = file.tensor("wide").unwrap().data().as_ptr().addr() - bytes.as_ptr().addr();
        assert_eq!(place % 8, 0);

        let file = File::read(&bytes).unwrap();
        let text = |key: &str| file.metadata(key).map(|text| text.chars().collect::<String>());
        assert_eq!(text(strange).as_deref(), Some(strange));
        assert_eq!((text("").as_deref(), text("last").as_deref()), (Some(""), Some("7")));
        assert_eq!(text("none"), None);
        let found = file.tensors().find(|tensor| tensor.name.is(strange)).unwrap();
        assert!(found.bytes.is_empty());
    }

    #[test]
    fn nothing() {
        let bytes = Writing::new().finish();
        assert_eq!(SafeTensors::deserialize(&bytes).unwrap().len(), 0);
        let file = File::read(&bytes).unwrap();
        assert!(file.tensors().next().is_none() && file.metadata("a").is_none());
    }

    #[test]
    #[should_panic(expected = "a tensor `short` of another length than its shape")]
    fn bytes_of_another_length() {
        let _ = Writing::new().tensor("short", Dtype::F32, &[2], vec![0; 7]);
    }
}
