//! Images as values.

use axonal::prelude::*;
use axonal::{ImageSample, Sample, Shape};
use nalgebra::{Matrix2x3, Matrix3x2};

#[test]
fn memory_is_channels_rows_columns() {
    let numbers: Vec<f32> = (0..24_u8).map(f32::from).collect();
    let image = Image::<2, 3, 4>::from_slice(&numbers).unwrap();
    assert_eq!(image[(0, 0, 0)], 0.0);
    assert_eq!(image[(0, 0, 3)], 3.0);
    assert_eq!(image[(0, 2, 1)], 9.0);
    assert_eq!(image[(1, 0, 0)], 12.0);
    assert_eq!(image[(1, 2, 3)], 23.0);
    assert_eq!(image.as_slice(), numbers);
    assert_eq!(Sample::as_slice(&image), numbers);
    assert_eq!(size_of_val(&image), 24 * 4);
    assert_eq!(Image::from(image.0), image);
}

#[test]
fn sizes() {
    type Small = Image<2, 3, 4, f64>;
    assert_eq!(Small::LEN, 24);
    assert_eq!(Small::PIXELS, 12);
    assert_eq!([Small::CHANNELS, Small::ROWS, Small::COLUMNS], [2, 3, 4]);
    assert_eq!(Small::SHAPE, Shape::Image(2, 3, 4));
    assert_eq!(SVector::<f32, 5>::PIXELS, 1);
}

#[test]
fn a_plane_is_a_transposed_matrix() {
    let mut image = Image::from([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[0.0; 3]; 2]]);
    assert_eq!(image.plane(0), Matrix3x2::new(1.0, 4.0, 2.0, 5.0, 3.0, 6.0));
    assert_eq!(image.plane(0).transpose(), Matrix2x3::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0));
    assert_eq!((image.plane(0).transpose() * image.plane(0))[(0, 1)], 32.0);
    image.plane_mut(1).tr_copy_from(&Matrix2x3::new(7.0, 8.0, 9.0, 10.0, 11.0, 12.0));
    assert_eq!(image.as_slice()[6..], [7.0, 8.0, 9.0, 10.0, 11.0, 12.0]);
    assert_eq!(image.as_slice()[..6], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn lines_of_one_row_or_column_are_planes() {
    let row = Image::<1, 1, 3>::from_slice(&[1.0, 2.0, 3.0]).unwrap();
    assert_eq!(row.plane(0).iter().copied().collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
    let column = Image::<1, 3, 1>::from_slice(&[1.0, 2.0, 3.0]).unwrap();
    assert_eq!(column.plane(0).iter().copied().collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
}

#[test]
fn bytes() {
    let planes = Image::<3, 1, 2>::from_bytes(&[0, 255, 51, 102, 153, 204]).unwrap();
    assert_eq!(planes, Image::from([[[0.0, 1.0]], [[0.2, 0.4]], [[0.6, 0.8]]]));
    let pixels = Image::<3, 1, 2>::from_pixels(&[0, 51, 153, 255, 102, 204]).unwrap();
    assert_eq!(pixels, planes);
    assert_eq!(pixels.to_pixels(), [0, 51, 153, 255, 102, 204]);
    let beyond = Image::<1, 1, 4>::from([[[-0.1, 1.1, f32::NAN, 0.499]]]);
    assert_eq!(beyond.to_pixels(), [0, 255, 0, 127]);
}

#[test]
fn every_byte_survives() {
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(Image::<1, 16, 16>::from_bytes(&all).unwrap().to_pixels(), all);
}

#[test]
fn another_length_is_an_error() {
    let error = Image::<1, 28, 28>::from_slice(&[0.0; 783]).unwrap_err().to_string();
    assert_eq!(error, "a sample of the shape 1x28x28 takes 784 numbers, found 783");
    assert!(Image::<1, 2, 2>::from_bytes(&[0; 5]).is_err());
    assert!(Image::<3, 2, 2>::from_pixels(&[0; 11]).is_err());
}

#[test]
fn debug_and_default() {
    let image = Image::<1, 1, 2, f64>::default();
    assert_eq!(format!("{image:?}"), "Image([[[0.0, 0.0]]])");
}

#[cfg(feature = "png")]
mod png {
    use std::fs;

    use super::*;

    #[test]
    fn there_and_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("image.png");
        let bytes: Vec<u8> = (0..60).map(|index| (index * 37 % 256) as u8).collect();
        let image = Image::<3, 4, 5>::from_pixels(&bytes).unwrap();
        image.write_png(&path).unwrap();
        assert_eq!(Image::read_png(&path).unwrap(), image);
        let grey = Image::<1, 4, 5, f64>::from_pixels(&bytes[..20]).unwrap();
        // In the place of the other one.
        grey.write_png(&path).unwrap();
        assert_eq!(Image::read_png(&path).unwrap(), grey);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    /// Palette, one bit and 16 bits become bytes.
    #[test]
    fn other_depths() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("image.png");
        let write = |color, depth, palette: Option<&[u8]>, data: &[u8]| {
            let mut encoder = ::png::Encoder::new(fs::File::create(&path).unwrap(), 2, 1);
            encoder.set_color(color);
            encoder.set_depth(depth);
            if let Some(palette) = palette {
                encoder.set_palette(palette.to_vec());
            }
            encoder.write_header().unwrap().write_image_data(data).unwrap();
        };
        write(::png::ColorType::Grayscale, ::png::BitDepth::One, None, &[0b0100_0000]);
        assert_eq!(Image::<1, 1, 2>::read_png(&path).unwrap().to_pixels(), [0, 255]);
        write(::png::ColorType::Grayscale, ::png::BitDepth::Sixteen, None, &[7, 0, 255, 255]);
        assert_eq!(Image::<1, 1, 2>::read_png(&path).unwrap().to_pixels(), [7, 255]);
        let palette = [1, 2, 3, 4, 5, 6];
        write(::png::ColorType::Indexed, ::png::BitDepth::Eight, Some(&palette), &[1, 0]);
        let image = Image::<3, 1, 2>::read_png(&path).unwrap();
        assert_eq!(image.to_pixels(), [4, 5, 6, 1, 2, 3]);
    }

    #[test]
    fn mistakes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("image.png");
        let message = |error: axonal::Error| {
            error.to_string().replace(&format!("{}/", directory.path().display()), "")
        };
        let missing = message(Image::<1, 2, 2>::read_png(&path).unwrap_err());
        assert!(missing.starts_with("cannot read `image.png`: "), "{missing}");
        Image::<1, 2, 3>::default().write_png(&path).unwrap();
        assert_eq!(
            message(Image::<3, 3, 2>::read_png(&path).unwrap_err()),
            "`image.png`, image: expected 3 channels of 3x2 pixels, found 1 channel of 2x3 pixels"
        );
        fs::write(&path, b"GIF89a").unwrap();
        let other = message(Image::<1, 2, 3>::read_png(&path).unwrap_err());
        assert_eq!(other, "`image.png`, image: expected a PNG image, found a GIF image");
        for (content, found) in [
            (&b""[..], "an empty file"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
            (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
            (b"404", "text, which begins with `404`"),
            (b"404: Not Found", "text, which begins with `404: Not Found`"),
            (
                b"\x01\x02\x03\x04\x05\x06\x07\x08\x09",
                "something else, which begins with the bytes 01 02",
            ),
        ] {
            let error = Image::<1, 2, 3>::from_png_bytes(content).unwrap_err().to_string();
            let expected = format!("`bytes`, image: expected a PNG image, found {found}");
            assert!(error.starts_with(&expected), "{error}");
        }
        let many = message(Image::<5, 1, 1>::default().write_png(&path).unwrap_err());
        assert_eq!(
            many,
            "`image.png`, image: expected 1 to 4 channels, which PNG can hold, found 5 channels of 1x1 pixels"
        );
        assert_eq!(fs::read(&path).unwrap(), b"GIF89a");
    }

    #[test]
    fn bytes_are_what_files_are() {
        let image =
            Image::<3, 2, 2>::from_pixels(&[0, 51, 102, 255, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("image.png");
        image.write_png(&path).unwrap();
        let bytes = image.to_png_bytes().unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(Image::from_png_bytes(&bytes).unwrap(), image);

        // Cut off anywhere, or with a changed byte: an error or an image, and no panic.
        for end in 0..bytes.len() {
            let cut = Image::<3, 2, 2>::from_png_bytes(&bytes[..end]);
            assert!(cut.is_err() || end > bytes.len() - 16, "{end}");
            if (8..bytes.len() - 16).contains(&end) {
                let error = cut.unwrap_err().to_string();
                assert!(
                    error.starts_with("`bytes`, image: expected a PNG image, found "),
                    "{error}"
                );
            }
            for byte in [0, 1, 0x7f, 0xff] {
                let mut changed = bytes.clone();
                changed[end] = byte;
                let _ = Image::<3, 2, 2>::from_png_bytes(&changed);
            }
        }
    }
}
