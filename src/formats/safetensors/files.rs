//! Weights from and to files: what a message says of one has its path and its names in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::header::{File, Stored};
use super::list::list;
use super::matching::{Kept, Matching};
use super::weights::{Name, Tensor, fill, found, is_ignored};
use super::writing::to_bytes;
use crate::core::Error;
use crate::core::weights_error::{Dtype, Fault, Found, Reason};
use crate::io::atomic;
use crate::io::file_kind::{BEGINNING, describe, is_text};
use crate::layers::Described;

/// See [`Network::save`](crate::Network::save) and [`Transfer::save_to`](crate::Transfer::save_to).
pub(crate) fn save<D: Described>(
    parameters: &[D::Scalar],
    path: &Path,
    prefix: &str,
) -> Result<(), Error> {
    atomic::write(path, &to_bytes::<D>(parameters, prefix))
}

/// See [`Network::load`](crate::Network::load); `name` is the network's.
pub(crate) fn load<D: Described>(
    parameters: &mut [D::Scalar],
    path: &Path,
    name: &str,
) -> Result<(), Error> {
    load_part::<D>(parameters, path, "", &format!("`{name}`"))
}

/// See [`Transfer::load_from`](crate::Transfer::load_from).
pub(crate) fn load_from<D: Described>(
    parameters: &mut [D::Scalar],
    path: &Path,
    prefix: &str,
) -> Result<(), Error> {
    load_part::<D>(parameters, path, prefix, &format!("the layer loaded from `{prefix}`"))
}

fn load_part<D: Described>(
    parameters: &mut [D::Scalar],
    path: &Path,
    prefix: &str,
    what: &str,
) -> Result<(), Error> {
    let bytes = read(path)?;
    fill_from::<D>(parameters, open(path, &bytes)?, path, prefix, what)
}

/// All tensors of a layer from those under a prefix of a file that is open, or none of them; `what` is what they are for.
pub(crate) fn fill_from<D: Described>(
    parameters: &mut [D::Scalar],
    file: File<'_>,
    path: &Path,
    prefix: &str,
    what: &str,
) -> Result<(), Error> {
    let mismatch = |tensor: String, expected: String, found: String| Error::Tensor {
        path: path.to_path_buf(),
        tensor,
        expected,
        found,
    };
    fill::<D>(parameters, file, prefix).map_err(|fault| match fault {
        Fault::File(flaw) => no_weights(path, &flaw),
        Fault::Unknown(name, found) => {
            mismatch(name.to_string(), format!("no such tensor in {what}"), found.to_string())
        }
        Fault::Tensor { index, reason } => {
            let found = match reason {
                Reason::Missing => format!("{reason} (the file has {})", list(file.tensors())),
                _ => reason.to_string(),
            };
            let (mut name, mut expected) = (String::new(), String::new());
            Tensor::each::<D>(&mut |path, tensor| {
                if tensor.index == index {
                    let dtype = Dtype::scalar::<D::Scalar>();
                    name = Name(prefix, path).to_string();
                    expected = reason.expected(tensor.shape, dtype).to_string();
                }
            });
            mismatch(name, expected, found)
        }
    })
}

/// See [`Transfer::load_matching`](crate::Transfer::load_matching).
pub(crate) fn load_matching<D: Described>(
    parameters: &mut [D::Scalar],
    path: &Path,
) -> Result<Matching, Error> {
    let bytes = read(path)?;
    let file = open(path, &bytes)?;
    let mut stored: BTreeMap<String, Stored<'_>> = BTreeMap::new();
    for tensor in file.tensors().filter(|tensor| !is_ignored(tensor)) {
        let name: String = tensor.name.chars().collect();
        if stored.contains_key(&name) {
            return Err(Error::Tensor {
                path: path.to_path_buf(),
                tensor: name,
                expected: "one tensor of this name".to_owned(),
                found: "two".to_owned(),
            });
        }
        stored.insert(name, tensor);
    }

    let mut matching = Matching::default();
    let mut fitting = Vec::new();
    let mut names = BTreeSet::new();
    Tensor::each::<D>(&mut |path, tensor| {
        let name = path.to_string();
        let dtype = Dtype::scalar::<D::Scalar>();
        let own = Found::of(dtype, tensor.shape.iter().copied()).to_string();
        let found = match stored.get(&name) {
            None => None,
            Some(stored) => match tensor.check::<D::Scalar>(stored) {
                Ok(()) => {
                    fitting.push((tensor, *stored));
                    matching.loaded.push(name.clone());
                    names.insert(name);
                    return;
                }
                Err(reason @ Reason::Beyond(_)) => {
                    Some(format!("{} with {reason} in it", found(stored)))
                }
                Err(_) => Some(found(stored).to_string()),
            },
        };
        matching.kept.push(Kept { tensor: name.clone(), expected: own, found });
        names.insert(name);
    });
    if let ([], [first, ..]) = (fitting.as_slice(), matching.kept.as_slice()) {
        // A tensor whose name both have is more likely the one that was meant.
        let first = matching.kept.iter().find(|kept| kept.found.is_some()).unwrap_or(first);
        let Kept { tensor, expected, found } = first;
        let (expected, found) = match found {
            Some(found) => (
                format!("one at least that fits the network, such as `{tensor}` {expected}"),
                format!("`{tensor}` {found}, and no other that fits"),
            ),
            None => (
                format!("one at least that the network has too, such as `{tensor}` {expected}"),
                list(file.tensors()),
            ),
        };
        return Err(Error::Format {
            path: path.to_path_buf(),
            place: "tensors".to_owned(),
            expected,
            found,
        });
    }
    matching.unused.extend(stored.into_keys().filter(|name| !names.contains(name)));
    for (tensor, stored) in fitting {
        tensor.copy(&stored, parameters);
    }
    Ok(matching)
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Io { action: "read", path: path.to_path_buf(), source })
}

/// The tensors in the bytes of a file.
pub(crate) fn open<'a>(path: &Path, bytes: &'a [u8]) -> Result<File<'a>, Error> {
    File::read(bytes).map_err(|flaw| {
        let beginning = &bytes[..bytes.len().min(BEGINNING)];
        // What the text says is what a person wants to know.
        if is_text(beginning) {
            no_weights(path, &describe(beginning))
        } else {
            no_weights(path, &flaw)
        }
    })
}

fn no_weights(path: &Path, flaw: &dyn std::fmt::Display) -> Error {
    Error::Format {
        path: path.to_path_buf(),
        place: "header".to_owned(),
        expected: "a safetensors file".to_owned(),
        found: flaw.to_string(),
    }
}
