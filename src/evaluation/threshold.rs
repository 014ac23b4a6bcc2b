//! A decision boundary of one's own.

use crate::losses::BinaryCrossEntropy;
use crate::metrics::Metric;

/// Yes above a threshold of one's own choice: what [`BinaryCrossEntropy`] measures, with another boundary than the last activation's.
///
/// ```
/// use axonal::evaluation::Threshold;
/// use axonal::prelude::*;
///
/// network! { struct Alarm<input 1 => dense 1 sigmoid>; }
///
/// let mut net = Alarm::zeros();
/// net.dense1.weight = SMatrix::from([[1.0]]);
/// let inputs = [-3.0, -0.5, 0.5, 3.0].map(|x| SVector::from([x])).to_vec();
/// let data = Dataset::new(inputs, vec![false, true, true, true])?;
/// assert_eq!(Evaluation::of(&*net, &data).accuracy(), 0.75);
/// // A missed alarm is worse than a false one: the probability 0.3 is enough.
/// assert_eq!(Evaluation::by(&*net, &data, &Threshold::new(0.3)).accuracy(), 1.0);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold(f64);

impl Threshold {
    /// Outputs above this number say yes. Behind `sigmoid` it is a probability; scores have 0 where their probability is 1/2.
    ///
    /// # Panics
    ///
    /// If it is NaN, above which there is no number.
    pub const fn new(threshold: f64) -> Self {
        assert!(!threshold.is_nan(), "a threshold is a number, not NaN: nothing is above that");
        Self(threshold)
    }
}

impl<O, Y> Metric<O, Y> for Threshold
where
    BinaryCrossEntropy: Metric<O, Y>,
{
    type Report = <BinaryCrossEntropy as Metric<O, Y>>::Report;
    type Size = <BinaryCrossEntropy as Metric<O, Y>>::Size;

    fn record(&self, output: &O, target: &Y, _threshold: f64, report: &mut Self::Report) {
        BinaryCrossEntropy.record(output, target, self.0, report);
    }
}
