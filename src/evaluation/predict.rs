//! Keeping what a network predicts on a data set.

use super::Evaluation;
use super::evaluate::run;
use crate::data::Dataset;
use crate::layers::Layer;
use crate::messages::{AsNetwork, KeptWith, LabelledWith, documented};
use crate::metrics::{LabelPredictions, MultiLabel, OutputKind, Predictions, Report};
#[cfg(doc)]
use crate::metrics::{LabelTarget, PredictionTarget};

impl<R: Report> Evaluation<R> {
    documented! {
    /// Runs a network over a data set, and keeps each output with its target: for what a report, which keeps nothing, cannot say.
    ///
    /// | targets | what it gives | for |
    /// |---|---|---|
    /// | `bool` or `Class<2>` for one output, masks | [`BinaryPredictions`](super::BinaryPredictions) | ROC AUC, average precision, log loss, Brier score, calibration, best thresholds, curves |
    /// | `Class<N>`, images of classes | [`ClassPredictions<N>`](super::ClassPredictions) | top-k accuracy, and the same of each class against all others |
    /// | vectors, images | [`Residuals`](super::Residuals) | quantiles of the residuals, median absolute error |
    ///
    /// Whether outputs are scores or probabilities, the network's last activation says, as to a loss: behind `sigmoid` and `softmax` they are
    /// probabilities, and of scores probabilities are made by these two where they are needed. Of targets with weights, the weights are not looked at.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Alarm<input 1 => dense 1>; }
    ///
    /// let mut net = Alarm::zeros();
    /// net.dense1.weight = SMatrix::from([[1.0]]);
    /// let inputs = [-3.0, -1.0, -0.5, 0.5, 3.0].map(|x| SVector::from([x])).to_vec();
    /// let data = Dataset::new(inputs, vec![false, true, false, true, true])?;
    /// let predictions = Evaluation::predictions(&*net, &data);
    /// assert_eq!(predictions.roc_auc(), 5.0 / 6.0);
    /// assert_eq!(predictions.best_threshold_by_f1()?.threshold, -2.0);
    /// println!("{predictions}");
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn predictions<N, Y, B, M>(net: &B, data: &Dataset<N::Input, Y>) -> Y::Predictions
    where {
        B: AsNetwork<M, Network = N>,
        N: Layer,
        Y: KeptWith<N, Measured = R, Is: Copy>,
    }
    documented as <N, Y>(net: &N, data: &Dataset<N::Input, Y>)
    where {
        N: Layer,
        Y: PredictionTarget<N::Output, Predictions: Predictions<Report = R>>,
    }
    {
        keep(net.as_network(), data, Y::keep)
    }

    }
}

impl<const L: usize> Evaluation<MultiLabel<L>> {
    documented! {
    /// The same where targets are labels, each set where its number is above 1/2: what [`by`](Self::by)`(&BinaryCrossEntropy)` measures. To
    /// [`predictions`](Self::predictions) they are numbers.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Topics<input 2 => dense 2 sigmoid>; }
    ///
    /// let mut net = Topics::zeros();
    /// net.dense1.weight = SMatrix::from([[1.0, 0.0], [0.0, 1.0]]);
    /// let inputs = [[3.0, -1.0], [2.0, 2.0], [-1.0, -1.5]].map(SVector::from).to_vec();
    /// let topics = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].map(SVector::from).to_vec();
    /// let predictions = Evaluation::label_predictions(&*net, &Dataset::new(inputs, topics)?);
    /// assert_eq!((predictions.label(0).roc_auc(), predictions.label(1).roc_auc()), (1.0, 0.5));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn label_predictions<N, Y, B, M>(net: &B, data: &Dataset<N::Input, Y>) -> LabelPredictions<L>
    where {
        B: AsNetwork<M, Network = N>,
        N: Layer,
        Y: LabelledWith<N, Kept = LabelPredictions<L>, Is: Copy>,
    }
    documented as <N, Y>(net: &N, data: &Dataset<N::Input, Y>)
    where {
        N: Layer,
        Y: LabelTarget<N::Output, Predictions = LabelPredictions<L>>,
    }
    {
        keep(net.as_network(), data, Y::keep_labels)
    }

    }
}

/// Runs a network over a data set, and keeps what it gives.
fn keep<N, Y, P>(net: &N, data: &Dataset<N::Input, Y>, keep: impl Fn(&Y, &N::Output, &mut P)) -> P
where
    N: Layer,
    P: Predictions,
{
    let mut predictions = P::of(OutputKind::of::<N::Activation>());
    run(net, data.inputs(), data.targets(), |outputs, targets| {
        for (output, target) in outputs.iter().zip(targets) {
            keep(target, output, &mut predictions);
        }
    });
    predictions
}
