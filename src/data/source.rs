//! Opening a file that may be compressed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::Error;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The file's content, decompressed if it is gzip.
///
/// The content decides, not the name: browsers save `x.gz` decompressed under the same name.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, Error> {
    let io_error = |source| Error::Io { action: "read", path: path.to_owned(), source };
    let mut reader = BufReader::new(File::open(path).map_err(io_error)?);
    if reader.fill_buf().map_err(io_error)?.starts_with(&GZIP_MAGIC) {
        Ok(Box::new(MultiGzDecoder::new(reader)))
    } else {
        Ok(Box::new(reader))
    }
}

/// The error for a read that failed: the decoder reports a corrupt stream as an I/O error too.
pub(super) fn read_error(path: &Path, source: io::Error) -> Error {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    if matches!(source.kind(), InvalidData | InvalidInput | UnexpectedEof) {
        let found = match source.kind() {
            UnexpectedEof => "a truncated one".to_owned(),
            _ => format!("a corrupt one ({source})"),
        };
        format_error(path, "gzip stream", "an intact one", found)
    } else {
        Error::Io { action: "read", path: path.to_owned(), source }
    }
}

pub(super) fn format_error(
    path: &Path,
    place: impl Into<String>,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Error {
    Error::Format {
        path: path.to_owned(),
        place: place.into(),
        expected: expected.into(),
        found: found.into(),
    }
}
