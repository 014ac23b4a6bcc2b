//! Images as samples.

use core::fmt;
use core::ops::{Index, IndexMut};

use nalgebra::{SMatrixView, SMatrixViewMut};

use crate::core::Scalar;
#[cfg(feature = "std")]
use crate::core::error::Error;
use crate::core::sample::{ImageSample, Sample, Shape};
use crate::core::shapes::image;

/// An image: `C` channels of `H` rows and `W` columns, in PyTorch's order (NCHW).
///
/// It is plain old data: in memory, channel after channel, row after row. A channel can be looked at as a nalgebra matrix
/// without a copy: transposed, [`plane`](Self::plane).
///
/// ```
/// use axonal::Image;
///
/// let mut image = Image::<3, 2, 4>::default();
/// image[(2, 1, 3)] = 0.5;
/// assert_eq!(image.plane(2)[(3, 1)], 0.5);
/// assert_eq!(image.as_slice()[23], 0.5);
///
/// // From bytes, scaled to 0..1.
/// let grey = Image::<1, 2, 2>::from_bytes(&[0, 51, 102, 255])?;
/// assert_eq!(grey, Image::from([[[0.0, 0.2], [0.4, 1.0]]]));
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// # Large images
///
/// An image is a value like an array, and a value that is passed on is copied over the stack, in a build without optimization several times. A thread has 2 MiB
/// of stack, of which an image of 3x224x224 takes 0.6 MB, and one of 3x512x512 takes 3.1 MB. So large images are made on the heap and filled in place, by the `copy_from_…` functions
/// instead of the `from_…` ones:
///
/// * one image: [`boxed_zeros`](crate::Sample::boxed_zeros); several: [`zeros_vec`](crate::Sample::zeros_vec); a data set: [`Dataset::try_from_fn`](crate::data::Dataset::try_from_fn);
/// * [`Network::forward_into`](crate::Network::forward_into) where the output is an image too;
/// * [`Dataset::retain`](crate::data::Dataset::retain) and [`Dataset::map_inputs_into`](crate::data::Dataset::map_inputs_into) instead of iterators that own the images;
/// * `copies.copy_from_slice(&images)` and [`Dataset::select`](crate::data::Dataset::select) instead of `clone`.
///
/// All else that the library does with samples copies them from one place of the heap to another: training, evaluation, shuffling, splitting, augmentation work in every thread, for images
/// and vectors of any size that memory has room for.
#[derive(Clone, Copy, PartialEq)]
#[repr(transparent)]
pub struct Image<const C: usize, const H: usize, const W: usize, T = f32>(pub [[[T; W]; H]; C]);

impl<const C: usize, const H: usize, const W: usize, T: Scalar> Image<C, H, W, T> {
    /// An image from its numbers, channel after channel, row after row.
    ///
    /// # Errors
    ///
    /// If there are not `C * H * W` numbers.
    #[cfg(feature = "std")]
    pub fn from_slice(numbers: &[T]) -> Result<Self, Error> {
        let mut image = Self::default();
        image.copy_from_slice(numbers)?;
        Ok(image)
    }

    /// [`from_slice`](Self::from_slice) in place, for [large images](Self#large-images).
    ///
    /// # Errors
    ///
    /// If there are not `C * H * W` numbers.
    #[cfg(feature = "std")]
    pub fn copy_from_slice(&mut self, numbers: &[T]) -> Result<(), Error> {
        Self::check(numbers.len())?;
        self.as_mut_slice().copy_from_slice(numbers);
        Ok(())
    }

    /// An image from bytes, channel after channel, row after row; 0 becomes 0, 255 becomes 1.
    ///
    /// # Errors
    ///
    /// If there are not `C * H * W` bytes.
    #[cfg(feature = "std")]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut image = Self::default();
        image.copy_from_bytes(bytes)?;
        Ok(image)
    }

    /// [`from_bytes`](Self::from_bytes) in place, for [large images](Self#large-images).
    ///
    /// # Errors
    ///
    /// If there are not `C * H * W` bytes.
    #[cfg(feature = "std")]
    pub fn copy_from_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        Self::check(bytes.len())?;
        for (number, byte) in self.as_mut_slice().iter_mut().zip(bytes) {
            *number = from_byte(*byte);
        }
        Ok(())
    }

    /// An image from bytes as files have them: row after row, and in each pixel one byte a channel; 0 becomes 0, 255 becomes 1.
    ///
    /// ```
    /// use axonal::Image;
    ///
    /// let red_and_blue = Image::<3, 1, 2>::from_pixels(&[255, 0, 0, 0, 0, 255])?;
    /// assert_eq!(red_and_blue, Image::from([[[1.0, 0.0]], [[0.0, 0.0]], [[0.0, 1.0]]]));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there are not `C * H * W` bytes.
    #[cfg(feature = "std")]
    pub fn from_pixels(bytes: &[u8]) -> Result<Self, Error> {
        let mut image = Self::default();
        image.copy_from_pixels(bytes)?;
        Ok(image)
    }

    /// [`from_pixels`](Self::from_pixels) in place, for [large images](Self#large-images).
    ///
    /// # Errors
    ///
    /// If there are not `C * H * W` bytes.
    #[cfg(feature = "std")]
    pub fn copy_from_pixels(&mut self, bytes: &[u8]) -> Result<(), Error> {
        Self::check(bytes.len())?;
        for (pixel, bytes) in bytes.chunks_exact(C.max(1)).enumerate() {
            for (plane, byte) in self.0.iter_mut().zip(bytes) {
                plane.as_flattened_mut()[pixel] = from_byte(*byte);
            }
        }
        Ok(())
    }

    /// The bytes that [`from_pixels`](Self::from_pixels) takes: numbers are rounded, those below 0 become 0, those above 1 become
    /// 255, and so does NaN become 0.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn to_pixels(&self) -> Vec<u8> {
        let mut bytes = vec![0; C * H * W];
        for (pixel, bytes) in bytes.chunks_exact_mut(C.max(1)).enumerate() {
            for (plane, byte) in self.0.iter().zip(bytes) {
                *byte = to_byte(plane.as_flattened()[pixel]);
            }
        }
        bytes
    }

    #[cfg(feature = "std")]
    fn check(found: usize) -> Result<(), Error> {
        let expected = C * H * W;
        if found == expected {
            return Ok(());
        }
        Err(Error::SampleLength { shape: Self::SHAPE, expected, found })
    }

    /// All numbers, channel after channel, row after row.
    #[inline(always)]
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        self.0.as_flattened().as_flattened()
    }

    /// All numbers, channel after channel, row after row.
    #[inline(always)]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.0.as_flattened_mut().as_flattened_mut()
    }

    /// A channel as a matrix, without a copy, transposed: each column is a row of the image, whose numbers follow each other in memory.
    ///
    /// Not as a view with strides, whose rows would be those of the image: nalgebra (0.35) writes beyond the result of a product with
    /// such a view.
    ///
    /// ```
    /// use axonal::Image;
    ///
    /// let image = Image::from([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]);
    /// assert_eq!(image.plane(0)[(2, 1)], image[(0, 1, 2)]);
    /// assert_eq!(image.plane(0).transpose().row(1), nalgebra::RowVector3::new(4.0, 5.0, 6.0));
    /// ```
    ///
    /// # Panics
    ///
    /// If the image has no such channel.
    #[must_use]
    pub fn plane(&self, channel: usize) -> SMatrixView<'_, T, W, H> {
        SMatrixView::from_slice(self.0[channel].as_flattened())
    }

    /// A channel as a matrix that can be changed, transposed as [`plane`](Self::plane).
    ///
    /// ```
    /// use axonal::Image;
    ///
    /// let mut image = Image::<1, 2, 3>::default();
    /// image.plane_mut(0).column_mut(1).fill(1.0);
    /// assert_eq!(image, Image::from([[[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]]));
    /// ```
    ///
    /// # Panics
    ///
    /// If the image has no such channel.
    pub fn plane_mut(&mut self, channel: usize) -> SMatrixViewMut<'_, T, W, H> {
        SMatrixViewMut::from_slice(self.0[channel].as_flattened_mut())
    }
}

impl<const C: usize, const N: usize, T: Scalar> Image<C, N, N, T> {
    /// Exchanges the rows and the columns of a square image, in place, in each channel.
    ///
    /// EMNIST's files hold their images so: see the module `data::idx`.
    ///
    /// ```
    /// use axonal::Image;
    ///
    /// let mut image = Image::from([[[1.0, 2.0], [3.0, 4.0]]]);
    /// image.transpose_mut();
    /// assert_eq!(image, Image::from([[[1.0, 3.0], [2.0, 4.0]]]));
    /// ```
    pub fn transpose_mut(&mut self) {
        for channel in 0..C {
            self.plane_mut(channel).transpose_mut();
        }
    }
}

#[cfg(feature = "std")]
fn from_byte<T: Scalar>(byte: u8) -> T {
    T::of(f64::from(byte) / 255.0)
}

#[cfg(feature = "std")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number was clamped to a byte's range"
)]
fn to_byte<T: Scalar>(number: T) -> u8 {
    (number.as_f64() * 255.0).round().clamp(0.0, 255.0) as u8
}

/// All zeros.
impl<const C: usize, const H: usize, const W: usize, T: Scalar> Default for Image<C, H, W, T> {
    fn default() -> Self {
        bytemuck::Zeroable::zeroed()
    }
}

impl<const C: usize, const H: usize, const W: usize, T> From<[[[T; W]; H]; C]>
    for Image<C, H, W, T>
{
    fn from(numbers: [[[T; W]; H]; C]) -> Self {
        Self(numbers)
    }
}

/// By channel, row, column.
impl<const C: usize, const H: usize, const W: usize, T> Index<(usize, usize, usize)>
    for Image<C, H, W, T>
{
    type Output = T;

    fn index(&self, (channel, row, column): (usize, usize, usize)) -> &T {
        &self.0[channel][row][column]
    }
}

/// By channel, row, column.
impl<const C: usize, const H: usize, const W: usize, T> IndexMut<(usize, usize, usize)>
    for Image<C, H, W, T>
{
    fn index_mut(&mut self, (channel, row, column): (usize, usize, usize)) -> &mut T {
        &mut self.0[channel][row][column]
    }
}

impl<const C: usize, const H: usize, const W: usize, T: fmt::Debug> fmt::Debug
    for Image<C, H, W, T>
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Image").field(&self.0).finish()
    }
}

impl<const C: usize, const H: usize, const W: usize, T: Scalar> Sample for Image<C, H, W, T> {
    type Scalar = T;
    type Size = image<C, H, W>;
    const LEN: usize = C * H * W;
    const SHAPE: Shape = Shape::Image(C, H, W);
    const PIXELS: usize = H * W;
}

impl<const C: usize, const H: usize, const W: usize, T: Scalar> ImageSample for Image<C, H, W, T> {
    const CHANNELS: usize = C;
    const ROWS: usize = H;
    const COLUMNS: usize = W;
}
