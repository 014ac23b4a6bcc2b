//! Images in PNG files.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, ErrorKind, Read, Seek};
use std::path::Path;

use png::{BitDepth, ColorType, Decoder, DecodingError, Encoder, Transformations};

use crate::core::{Error, Image, Scalar};
use crate::io::atomic;
use crate::io::file_kind::{BEGINNING, describe, kind};
use crate::io::source::Source;

impl<const C: usize, const H: usize, const W: usize, T: Scalar> Image<C, H, W, T> {
    /// Reads a PNG file; black becomes 0, white becomes 1. With the feature `png`.
    ///
    /// One channel is grey, three are red, green, blue; two and four have opacity as the last. Palettes and other depths than
    /// 8 bits are converted.
    ///
    /// ```
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("grey.png");
    /// use axonal::Image;
    ///
    /// let image = Image::<1, 2, 2>::from([[[0.0, 0.2], [0.4, 1.0]]]);
    /// image.write_png(&path)?;
    /// assert_eq!(Image::read_png(&path)?, image);
    ///
    /// let error = Image::<3, 2, 4>::read_png(&path).unwrap_err();
    /// assert!(error.to_string().ends_with("expected 3 channels of 2x4 pixels, found 1 channel of 2x2 pixels"));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is no PNG, or holds an image of another size or number of channels.
    pub fn read_png(path: impl AsRef<Path>) -> Result<Self, Error> {
        let mut image = Self::default();
        image.copy_from_png(path)?;
        Ok(image)
    }

    /// [`read_png`](Self::read_png) in place, for [large images](Self#large-images). With the feature `png`.
    ///
    /// # Errors
    ///
    /// Those of [`read_png`](Self::read_png).
    pub fn copy_from_png(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        let (file, beginning) = open(path.as_ref())?;
        self.decode(Source::File(path.as_ref()), file, &beginning)
    }

    /// [`read_png`](Self::read_png) from the content of a file: what `include_bytes!` or a download gives. With the feature `png`.
    ///
    /// ```
    /// use axonal::Image;
    ///
    /// let image = Image::<1, 1, 2>::from([[[0.0, 1.0]]]);
    /// assert_eq!(Image::from_png_bytes(&image.to_png_bytes()?)?, image);
    ///
    /// let error = Image::<1, 1, 2>::from_png_bytes(b"<html><body>404").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`bytes`, image: expected a PNG image, \
    ///      found a page of HTML, which is what a server sends in the place of a file",
    /// );
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`read_png`](Self::read_png).
    pub fn from_png_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut image = Self::default();
        image.copy_from_png_bytes(bytes)?;
        Ok(image)
    }

    /// [`from_png_bytes`](Self::from_png_bytes) in place, for [large images](Self#large-images). With the feature `png`.
    ///
    /// # Errors
    ///
    /// Those of [`read_png`](Self::read_png).
    pub fn copy_from_png_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.decode(Source::Bytes(bytes), Cursor::new(bytes), bytes)
    }

    fn decode(
        &mut self,
        source: Source<'_>,
        png: impl BufRead + Seek,
        beginning: &[u8],
    ) -> Result<(), Error> {
        let pixels = Pixels::decode(source, png, beginning, |channels, rows, columns| {
            if (channels, rows, columns) == (C, H, W) {
                return Ok(());
            }
            let found = describe_size(channels, rows, columns);
            Err(source.format_error("image", describe_size(C, H, W), found))
        })?;
        self.copy_from_pixels(&pixels.bytes)
    }

    /// Writes a PNG file of 8 bits a number: 0 becomes black, 1 becomes white, numbers beyond these are clamped. With the feature
    /// `png`.
    ///
    /// # Errors
    ///
    /// If the image has more than four channels, or the file cannot be written; then a file that was there before is as it was.
    pub fn write_png(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        atomic::write(path, &self.encode(Source::File(path))?)
    }

    /// What [`write_png`](Self::write_png) writes. With the feature `png`.
    ///
    /// # Errors
    ///
    /// If the image has more than four channels, or is larger than PNG can hold.
    pub fn to_png_bytes(&self) -> Result<Vec<u8>, Error> {
        self.encode(Source::Bytes(&[]))
    }

    fn encode(&self, target: Source<'_>) -> Result<Vec<u8>, Error> {
        let failed = |expected: &str, found: String| target.format_error("image", expected, found);
        let color = match C {
            1 => ColorType::Grayscale,
            2 => ColorType::GrayscaleAlpha,
            3 => ColorType::Rgb,
            4 => ColorType::Rgba,
            _ => return Err(failed("1 to 4 channels, which PNG can hold", describe_size(C, H, W))),
        };
        let (Ok(width), Ok(height)) = (u32::try_from(W), u32::try_from(H)) else {
            return Err(failed("a size that PNG can hold", describe_size(C, H, W)));
        };
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, width, height);
        encoder.set_color(color);
        encoder.set_depth(BitDepth::Eight);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&self.to_pixels())?;
            writer.finish()
        });
        written.map_err(|error| failed("an image that PNG can hold", error.to_string()))?;
        Ok(file)
    }
}

/// A file, and how it begins.
fn open(path: &Path) -> Result<(BufReader<File>, Vec<u8>), Error> {
    let failed = |error| Source::File(path).read_error(error);
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let mut beginning = Vec::new();
    file.by_ref().take(BEGINNING as u64).read_to_end(&mut beginning).map_err(failed)?;
    file.rewind().map_err(failed)?;
    Ok((file, beginning))
}

/// The pixels of an image of any size: rows, columns, channels.
pub(crate) struct Pixels {
    pub(crate) channels: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Pixels {
    /// Those of a file; `check` sees channels, rows and columns before there is memory for them.
    pub(crate) fn read(
        path: &Path,
        check: impl FnOnce(usize, usize, usize) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        /// A header of some bytes can ask for far more.
        const MOST: usize = 1 << 28;
        let source = Source::File(path);
        let (file, beginning) = open(path)?;
        Self::decode(source, file, &beginning, |channels, rows, columns| {
            check(channels, rows, columns)?;
            if channels.saturating_mul(rows).saturating_mul(columns) <= MOST {
                return Ok(());
            }
            let found = describe_size(channels, rows, columns);
            Err(source.format_error("image", format!("at most {MOST} numbers"), found))
        })
    }

    fn decode(
        source: Source<'_>,
        png: impl BufRead + Seek,
        beginning: &[u8],
        check: impl FnOnce(usize, usize, usize) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let failed = |error: DecodingError| {
            let found = match error {
                DecodingError::IoError(error) if error.kind() != ErrorKind::UnexpectedEof => {
                    return Error::Io { action: "read", path: source.path(), source: error };
                }
                _ if kind(beginning) != Some("a PNG image") => describe(beginning),
                DecodingError::IoError(_) => "a truncated one".to_owned(),
                error => error.to_string(),
            };
            source.format_error("image", "a PNG image", found)
        };
        let mut decoder = Decoder::new(png);
        decoder.set_transformations(Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(failed)?;
        let channels = reader.output_color_type().0.samples();
        let (columns, rows) = reader.info().size();
        let (rows, columns) = (rows as usize, columns as usize);
        check(channels, rows, columns)?;
        let mut bytes = vec![0; channels * rows * columns];
        reader.next_frame(&mut bytes).map_err(failed)?;
        Ok(Self { channels, rows, columns, bytes })
    }
}

/// `3 channels of 2x4 pixels`
pub(crate) fn describe_size(channels: usize, rows: usize, columns: usize) -> String {
    let s = if channels == 1 { "" } else { "s" };
    format!("{channels} channel{s} of {rows}x{columns} pixels")
}
