//! What is read: a file or bytes, which may be compressed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;

use super::file_kind::{BEGINNING, kind};
use crate::core::Error;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// What a gzip stream may become without a question, and how many times its own size beyond that.
const MUCH: u64 = 1 << 28;
const RATIO: u64 = 100;

/// A file, or the content of one.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    File(&'a Path),
    Bytes(&'a [u8]),
}

/// What a source holds, decompressed if it is gzip.
pub(crate) struct Content<'a> {
    /// Its first [`BEGINNING`] bytes, or all if there are fewer. They are read again by `reader`.
    pub(crate) beginning: Vec<u8>,
    pub(crate) reader: Box<dyn BufRead + 'a>,
}

impl<'a> Source<'a> {
    /// The source's name in messages.
    pub(crate) fn path(self) -> PathBuf {
        match self {
            Self::File(path) => path.to_owned(),
            Self::Bytes(_) => PathBuf::from("bytes"),
        }
    }

    /// The content, decompressed if it is gzip.
    ///
    /// The content decides, not the name: browsers save `x.gz` decompressed under the same name.
    pub(crate) fn open(self) -> Result<Content<'a>, Error> {
        let failed = |source| self.read_error(source);
        let mut raw: Box<dyn BufRead + 'a> = match self {
            Self::File(path) => Box::new(BufReader::new(File::open(path).map_err(failed)?)),
            Self::Bytes(bytes) => Box::new(bytes),
        };
        let start = read_beginning(&mut raw, GZIP_MAGIC.len()).map_err(failed)?;
        let compressed = start == GZIP_MAGIC;
        let raw = Cursor::new(start).chain(raw);
        let mut reader: Box<dyn BufRead + 'a> = if compressed {
            Box::new(BufReader::new(Gunzip::new(raw, MUCH)))
        } else {
            Box::new(raw)
        };
        let beginning = read_beginning(&mut reader, BEGINNING).map_err(failed)?;
        let reader = Box::new(Cursor::new(beginning.clone()).chain(reader));
        Ok(Content { beginning, reader })
    }

    /// The error for a read that failed: the decoder reports a corrupt stream as an I/O error too.
    pub(crate) fn read_error(self, source: io::Error) -> Error {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let gzip = |found: String| self.format_error("gzip stream", "an intact one", found);
        match source.downcast::<Refused>() {
            Ok(Refused { place, expected, found }) => self.format_error(place, expected, found),
            Err(source) => match source.kind() {
                UnexpectedEof => gzip("a truncated one".to_owned()),
                InvalidData | InvalidInput => gzip(format!("a corrupt one ({source})")),
                _ => Error::Io { action: "read", path: self.path(), source },
            },
        }
    }

    pub(crate) fn format_error(
        self,
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Error {
        Error::Format {
            path: self.path(),
            place: place.into(),
            expected: expected.into(),
            found: found.into(),
        }
    }
}

impl Content<'_> {
    /// What it is if it cannot be a table: no text at all, or a page of HTML.
    pub(crate) fn is_no_table(&self) -> Option<&'static str> {
        kind(&self.beginning).filter(|_| !self.beginning.is_empty())
    }
}

fn read_beginning(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut beginning = Vec::new();
    reader.take(length as u64).read_to_end(&mut beginning)?;
    Ok(beginning)
}

/// A reader's own reason not to go on, which passes through [`Read`] as an I/O error.
#[derive(Debug, thiserror::Error)]
#[error("{place}: expected {expected}, found {found}")]
pub(crate) struct Refused {
    pub(crate) place: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Refused {
    pub(crate) fn error(
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> io::Error {
        let (place, expected, found) = (place.into(), expected.into(), found.into());
        io::Error::new(io::ErrorKind::InvalidData, Self { place, expected, found })
    }
}

/// A gzip file as `gzip -d` reads it: one stream or several, and perhaps zeros that fill a block of a tape.
///
/// What `gzip -d` only warns of is an error here, where nobody would see a warning: other bytes after the end. So is a small
/// file that becomes a huge one.
struct Gunzip<R> {
    /// Nothing only while one decoder is exchanged for the next.
    decoder: Option<GzDecoder<Counted<R>>>,
    written: u64,
    /// What it may become without a question: [`MUCH`].
    much: u64,
}

impl<R: BufRead> Gunzip<R> {
    fn new(reader: R, much: u64) -> Self {
        Self { decoder: Some(GzDecoder::new(Counted { reader, count: 0 })), written: 0, much }
    }

    /// Goes on to the next stream; false at the end of the file.
    fn next_stream(&mut self) -> io::Result<bool> {
        let Some(decoder) = &mut self.decoder else { return Ok(false) };
        let rest = decoder.get_mut();
        let mut zeros = false;
        loop {
            let bytes = rest.fill_buf()?;
            match bytes.first() {
                None => return Ok(false),
                Some(0) => {
                    zeros = true;
                    let count = bytes.iter().take_while(|byte| **byte == 0).count();
                    rest.consume(count);
                }
                Some(0x1f) if !zeros => break,
                Some(_) => {
                    let expected = "its end, or another stream";
                    let found = "other bytes after it (`gzip -dc` writes what stands before them)";
                    return Err(Refused::error("gzip stream", expected, found));
                }
            }
        }
        let rest = self.decoder.take().map(GzDecoder::into_inner);
        self.decoder = rest.map(GzDecoder::new);
        Ok(true)
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        loop {
            let Some(decoder) = &mut self.decoder else { return Ok(0) };
            let count = decoder.read(bytes)?;
            self.written += count as u64;
            let read = decoder.get_ref().count;
            if self.written > self.much && self.written / RATIO > read {
                let expected = format!("at most {} bytes or {RATIO} times its own size", self.much);
                let found = "more (if that is meant, decompress it first: `gzip -d`)";
                return Err(Refused::error("gzip stream", expected, found));
            }
            if count > 0 || !self.next_stream()? {
                return Ok(count);
            }
        }
    }
}

/// Counts the bytes that are taken.
struct Counted<R> {
    reader: R,
    count: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(bytes)?;
        self.count += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.count += count as u64;
        self.reader.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::Gunzip;

    #[test]
    fn a_small_stream_does_not_become_a_huge_one() {
        let gzip = |content: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        };
        let read = |bytes: &[u8]| Gunzip::new(bytes, 1 << 16).read_to_end(&mut Vec::new());
        let zeros = gzip(&[0; 1 << 18]);
        assert_eq!(
            read(&zeros).unwrap_err().to_string(),
            "gzip stream: expected at most 65536 bytes or 100 times its own size, \
             found more (if that is meant, decompress it first: `gzip -d`)"
        );
        assert_eq!(read(&gzip(&[0; 1 << 16])).unwrap(), 1 << 16);
        let noise: Vec<u8> =
            (0..1_u32 << 18).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert_eq!(read(&gzip(&noise)).unwrap(), 1 << 18);
    }
}
