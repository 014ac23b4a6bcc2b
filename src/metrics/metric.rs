//! What a network is measured by: the metric follows the loss.

use super::Report;

#[cfg(doc)]
use crate::core::Sample;
/// How outputs `O` of a network are measured against targets `Y`: each loss says it of its own, and [`Threshold`] of any boundary.
///
/// | loss | targets | what is measured |
/// |---|---|---|
/// | [`CrossEntropy`], [`Focal`], [`Hinge`] | [`Class<N>`](crate::data::Class) | [`Confusion<N>`](super::Confusion) of the class with the largest output |
/// | [`CrossEntropy`], [`KullbackLeibler`] | N probabilities | the same; the actual class is the one of the largest probability |
/// | [`BinaryCrossEntropy`], [`Focal`], [`Hinge`] | `bool`, `Class<2>` for one output | [`Confusion<2>`](super::Confusion): 1 is where the output is above the threshold |
/// | [`BinaryCrossEntropy`], [`Focal`] | N numbers from 0 to 1 | [`MultiLabel<N>`](super::MultiLabel): a label is set where its target is above 1/2 |
/// | [`Hinge`] | N numbers −1 or 1 | [`MultiLabel<N>`](super::MultiLabel): a label is set where its target is above 0 |
/// | [`MeanSquaredError`], [`MeanAbsoluteError`], [`Huber`], [`LogCosh`] | N numbers | [`RegressionMetrics`](super::RegressionMetrics) |
/// | [`GaussianNll`] | N numbers | the same, of the means; validation goes by the loss |
///
/// What is made of a loss, by `label_smoothing`, `scaled`, `plus` or `weighted`, measures what that measures; of a sum it is the first. Validation with any other loss goes by the loss alone.
///
/// Of images, each pixel is a sample of its own, but for a regression. The first of several largest outputs counts. The threshold is that
/// of the network's last activation ([`Activation::THRESHOLD`](crate::activations::Activation::THRESHOLD)): 1/2 behind `sigmoid`,
/// `hard_sigmoid`, `step` and `softmax`, 0 behind any other, or what an activation of one's own says.
///
/// [`Threshold`]: crate::evaluation::Threshold
/// [`CrossEntropy`]: crate::losses::CrossEntropy
/// [`BinaryCrossEntropy`]: crate::losses::BinaryCrossEntropy
/// [`Hinge`]: crate::losses::Hinge
/// [`KullbackLeibler`]: crate::losses::KullbackLeibler
/// [`Focal`]: struct@crate::losses::Focal
/// [`Huber`]: struct@crate::losses::Huber
/// [`LogCosh`]: crate::losses::LogCosh
/// [`GaussianNll`]: struct@crate::losses::GaussianNll
/// [`MeanSquaredError`]: crate::losses::MeanSquaredError
/// [`MeanAbsoluteError`]: crate::losses::MeanAbsoluteError
pub trait Metric<O, Y> {
    /// What the measurements add up to.
    type Report: Report;

    /// The [size](Sample::Size) of the outputs that such targets go with.
    type Size;

    /// Adds one output. `threshold` is the decision boundary of the network's last activation.
    fn record(&self, output: &O, target: &Y, threshold: f64, report: &mut Self::Report);

    /// The same with the decision boundary of each head; without heads, of the one output.
    #[doc(hidden)]
    fn record_heads(&self, output: &O, target: &Y, thresholds: &[f64], report: &mut Self::Report) {
        self.record(output, target, thresholds[0], report);
    }
}

impl<O, Y, M: Metric<O, Y>> Metric<O, Y> for &M {
    type Report = M::Report;
    type Size = M::Size;

    fn record(&self, output: &O, target: &Y, threshold: f64, report: &mut M::Report) {
        (**self).record(output, target, threshold, report);
    }

    fn record_heads(&self, output: &O, target: &Y, thresholds: &[f64], report: &mut M::Report) {
        (**self).record_heads(output, target, thresholds, report);
    }
}
