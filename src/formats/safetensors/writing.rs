//! A layer or network as the bytes of a file.

use alloc::vec::Vec;
use core::fmt::Write;

use alloc::string::{String, ToString};

use super::weights::{Name, Tensor};
use crate::core::weights_error::Dtype;
use crate::layers::Described;

/// The tensors in memory order, with a prefix to their names.
pub(crate) fn to_bytes<D: Described>(parameters: &[D::Scalar], prefix: &str) -> Vec<u8> {
    let dtype = Dtype::scalar::<D::Scalar>();
    let mut header = String::from("{");
    let mut at = 0;
    Tensor::each::<D>(&mut |path, tensor| {
        let separator = if header.len() == 1 { "" } else { "," };
        let name = quoted(&Name(prefix, path).to_string());
        let (shape, end) = (tensor.shape, at + tensor.len() * size_of::<D::Scalar>());
        // Writing to a string cannot fail.
        let _ = write!(
            header,
            r#"{separator}{name}:{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{at},{end}]}}"#
        );
        at = end;
    });
    header.push('}');
    // So that the numbers begin where a mapped file can be read in place.
    while header.len() % 8 != 0 {
        header.push(' ');
    }
    let mut bytes = Vec::with_capacity(size_of::<u64>() + header.len() + at);
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    Tensor::each::<D>(&mut |_, tensor| {
        for position in tensor.positions() {
            let start = bytes.len();
            bytes.extend_from_slice(bytemuck::bytes_of(&parameters[position]));
            if cfg!(target_endian = "big") {
                bytes[start..].reverse();
            }
        }
    });
    bytes
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
