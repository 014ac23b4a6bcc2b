//! A decimal number in a type, as a fraction: `eps 0.001` of a description is `Ratio<1, 1000>`.

/// `NUMERATOR / DENOMINATOR`, a decimal number of a description: types hold integers only.
///
/// ```
/// use axonal::layers::{Fraction, Ratio};
///
/// assert_eq!(Ratio::<1, 1000>::VALUE, 1e-3);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ratio<const NUMERATOR: u64, const DENOMINATOR: u64>;

/// A [`Ratio`].
pub trait Fraction: Send + Sync + 'static {
    /// The number.
    const VALUE: f64;
}

impl<const NUMERATOR: u64, const DENOMINATOR: u64> Fraction for Ratio<NUMERATOR, DENOMINATOR> {
    #[expect(clippy::cast_precision_loss, reason = "the quotient is rounded anyway")]
    const VALUE: f64 = {
        assert!(DENOMINATOR != 0, "the denominator of a ratio is not zero");
        NUMERATOR as f64 / DENOMINATOR as f64
    };
}
