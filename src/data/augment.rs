//! Samples that change a little each time they are trained on, and keep their shape.
//!
//! A [`Trainer`](crate::training::Trainer::augment) changes the samples of each batch as it is gathered, with the random numbers that it is
//! given: the data set stays as it is, and the same seed gives the same training. Validation data are not changed.
//!
//! ```
//! use axonal::data::augment::{Flip, Noise, Shift};
//! use axonal::prelude::*;
//!
//! network! { struct Net<input 1x8x8 => conv 4 3x3 relu => flatten => dense 2>; }
//!
//! let images = [[[[0.0; 8]; 8]]; 32].map(Image::from).to_vec();
//! let data = Dataset::new(images, vec![Class::new(1)?; 32])?;
//! let mut rng = StdRng::seed_from_u64(7);
//! let mut net = Net::random(&mut rng);
//! Trainer::new(CrossEntropy, Adam::default())
//!     .augment((Shift::new(2), Flip::new(0.5)?, Noise::new(0.1)?))
//!     .fit(&mut *net, &data, &mut rng)?;
//! # Ok::<(), axonal::Error>(())
//! ```
//!
//! One of your own is a function of the sample and the generator:
//!
//! ```
//! use axonal::data::augment::Augment;
//! use axonal::prelude::*;
//! use rand::{Rng, RngExt};
//!
//! let darken = |image: &mut Image<1, 2, 2>, rng: &mut dyn Rng| {
//!     let factor: f32 = rng.random_range(0.5..1.0);
//!     image.as_mut_slice().iter_mut().for_each(|pixel| *pixel *= factor);
//! };
//! let mut image = Image::from([[[1.0; 2]; 2]]);
//! darken.augment(&mut image, &mut StdRng::seed_from_u64(7));
//! assert!(image[(0, 0, 0)] < 1.0);
//! ```

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use crate::core::{Error, Scalar};
use crate::core::{ImageSample, Sample};

/// Changes a sample at random, and keeps its shape.
///
/// A tuple of them does one after the other; a function `Fn(&mut X, &mut dyn Rng)` is one too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot change samples that are `{X}`",
    note = "`Shift` and `Flip` are for images, `Noise` is for vectors too; one of your own is a function `|input: &mut {X}, rng: &mut dyn Rng|`"
)]
pub trait Augment<X> {
    /// Changes one sample. All its randomness comes from the generator.
    fn augment<R: Rng + ?Sized>(&self, sample: &mut X, rng: &mut R);
}

/// Moves an image by a random number of pixels, up to the given one, in each direction, each distance equally likely; zeros come in at the edges.
///
/// torchvision's `RandomAffine(0, translate)`, Keras's `RandomTranslation(fill_mode="constant")`, in whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    rows: usize,
    columns: usize,
}

impl Shift {
    /// By up to `pixels` pixels up, down, left and right. From the size of the image on, a shift may leave nothing of it.
    #[must_use]
    pub fn new(pixels: usize) -> Self {
        Self { rows: pixels, columns: pixels }
    }

    /// By up to `rows` rows up and down, and `columns` columns left and right.
    #[must_use]
    pub fn rows_and_columns(rows: usize, columns: usize) -> Self {
        Self { rows, columns }
    }
}

impl<X: ImageSample> Augment<X> for Shift {
    fn augment<R: Rng + ?Sized>(&self, image: &mut X, rng: &mut R) {
        // From further away than it is large, an image is all zeros.
        let mut distance = |most: usize, size: usize| {
            let most = most.min(size);
            rng.random_range(0..=2 * most).cast_signed() - most.cast_signed()
        };
        let (down, right) = (distance(self.rows, X::ROWS), distance(self.columns, X::COLUMNS));
        shift(image, down, right);
    }
}

/// Turns an image over, left to right, with a probability: torchvision's `RandomHorizontalFlip`, Keras's `RandomFlip("horizontal")`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flip {
    probability: f64,
}

impl Flip {
    /// With a probability.
    ///
    /// # Errors
    ///
    /// If it is not from 0 to 1.
    pub fn new(probability: f64) -> Result<Self, Error> {
        if (0.0..=1.0).contains(&probability) {
            return Ok(Self { probability });
        }
        Err(Error::InvalidNumber {
            place: "the probability of a flip".to_owned(),
            expected: "a number from 0 to 1",
            found: probability,
        })
    }
}

/// Every other image, about.
impl Default for Flip {
    fn default() -> Self {
        Self { probability: 0.5 }
    }
}

impl<X: ImageSample> Augment<X> for Flip {
    fn augment<R: Rng + ?Sized>(&self, image: &mut X, rng: &mut R) {
        if rng.random_bool(self.probability) {
            flip(image);
        }
    }
}

/// Adds a normally distributed number to each number of a vector or image: Keras's `GaussianNoise`, torchvision's `GaussianNoise(clip=False)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    std: f64,
}

impl Noise {
    /// With mean 0 and a standard deviation.
    ///
    /// # Errors
    ///
    /// If it is negative, infinite or NaN.
    pub fn new(std: f64) -> Result<Self, Error> {
        if std.is_finite() && std >= 0.0 {
            return Ok(Self { std });
        }
        Err(Error::InvalidNumber {
            place: "the standard deviation of noise".to_owned(),
            expected: "a finite number of at least 0",
            found: std,
        })
    }
}

impl<X: Sample> Augment<X> for Noise {
    fn augment<R: Rng + ?Sized>(&self, sample: &mut X, rng: &mut R) {
        for number in sample.as_mut_slice() {
            *number += X::Scalar::of(self.std * rng.sample::<f64, _>(StandardNormal));
        }
    }
}

/// Moves an image down and to the right (up and to the left where a number is negative); zeros come in at the edges.
///
/// ```
/// use axonal::Image;
/// use axonal::data::augment::shift;
///
/// let mut image = Image::<1, 2, 3>::from([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]);
/// shift(&mut image, -1, 1);
/// assert_eq!(image, Image::from([[[0.0, 4.0, 5.0], [0.0, 0.0, 0.0]]]));
/// ```
pub fn shift<X: ImageSample>(image: &mut X, down: isize, right: isize) {
    let pixels = X::ROWS * X::COLUMNS;
    for plane in image.as_mut_slice().chunks_exact_mut(pixels.max(1)) {
        // Rows in the direction in which none is overwritten before it has moved.
        for step in 0..X::ROWS {
            let row = if down > 0 { X::ROWS - 1 - step } else { step };
            let to = row * X::COLUMNS;
            let from = row.checked_add_signed(down.saturating_neg()).filter(|row| *row < X::ROWS);
            match from {
                Some(from) if from != row => {
                    let from = from * X::COLUMNS;
                    plane.copy_within(from..from + X::COLUMNS, to);
                }
                Some(_) => {}
                None => plane[to..to + X::COLUMNS].fill(X::Scalar::of(0.0)),
            }
            let row = &mut plane[to..to + X::COLUMNS];
            let distance = right.unsigned_abs().min(X::COLUMNS);
            let kept = X::COLUMNS - distance;
            if right > 0 {
                row.copy_within(..kept, distance);
                row[..distance].fill(X::Scalar::of(0.0));
            } else {
                row.copy_within(distance.., 0);
                row[kept..].fill(X::Scalar::of(0.0));
            }
        }
    }
}

/// Turns an image over, left to right.
///
/// ```
/// use axonal::Image;
/// use axonal::data::augment::flip;
///
/// let mut image = Image::<1, 2, 3>::from([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]);
/// flip(&mut image);
/// assert_eq!(image, Image::from([[[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]]]));
/// ```
pub fn flip<X: ImageSample>(image: &mut X) {
    for row in image.as_mut_slice().chunks_exact_mut(X::COLUMNS.max(1)) {
        row.reverse();
    }
}

/// Samples stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoAugmentation;

impl<X> Augment<X> for NoAugmentation {
    fn augment<R: Rng + ?Sized>(&self, _sample: &mut X, _rng: &mut R) {}
}

impl<X, F: Fn(&mut X, &mut dyn Rng)> Augment<X> for F {
    fn augment<R: Rng + ?Sized>(&self, sample: &mut X, mut rng: &mut R) {
        self(sample, &mut rng);
    }
}

macro_rules! tuples {
    ($(($($name:ident)+))+) => {$(
        impl<X, $($name: Augment<X>),+> Augment<X> for ($($name,)+) {
            #[expect(non_snake_case, reason = "the names of the type parameters")]
            fn augment<R: Rng + ?Sized>(&self, sample: &mut X, rng: &mut R) {
                let ($($name,)+) = self;
                $($name.augment(sample, rng);)+
            }
        }
    )+};
}

tuples! { (A) (A B) (A B C) (A B C D) }
