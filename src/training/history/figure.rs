//! A history as curves.

use super::{Epoch, History, Validation};
use crate::figures::{Figure, Plot};

impl History {
    /// The curves of the losses, and beside them that of the validation metric, if there is one; the [best](Self::best) epoch is marked. The loss is on a logarithmic axis where it spans
    /// more than two decades.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Xor<input 2 => dense 8 tanh => dense 2>; }
    ///
    /// let inputs = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].map(SVector::from);
    /// let classes = [0, 1, 1, 0].map(|class| Class::<2>::new(class).unwrap());
    /// let data = Dataset::new(inputs.to_vec(), classes.to_vec())?;
    /// let mut rng = StdRng::seed_from_u64(1);
    /// let mut net = Xor::random(&mut rng);
    /// let history = Trainer::new(CrossEntropy, Adam::new(0.05)).epochs(50).validate_on(&data).fit(&mut *net, &data, &mut rng)?;
    ///
    /// println!("{}", history.sparkline(40));
    /// let figure = history.figure();
    /// assert!(figure.to_svg().contains("accuracy"));
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn figure(&self) -> Figure {
        let losses = self.loss_curves();
        let Some(metric) = self.metric() else { return losses.figure() };
        losses.figure().beside(self.metric_curve(metric).figure())
    }

    fn loss_curves(&self) -> Plot {
        let number = |epoch: &Epoch| epoch.number as f64;
        let training = self.epochs.iter().map(|epoch| (number(epoch), epoch.loss));
        let validation = || {
            let validation = |epoch: &Epoch| epoch.validation.as_ref().map(|of| of.loss);
            // Without a validation in some epochs, the line goes on over them.
            self.epochs.iter().filter_map(move |epoch| Some((number(epoch), validation(epoch)?)))
        };
        let mut plot = Plot::new("epoch", "loss").whole_x().line("training", training.clone());
        if validation().next().is_some() {
            plot = plot.line("validation", validation());
        }
        if let Some(best) = self.best() {
            let loss = best.validation.as_ref().map_or(best.loss, |of| of.loss);
            plot = plot.mark(number(best), loss, format!("best: epoch {}", best.number));
        }
        let all = training.chain(validation()).map(|(_, loss)| loss);
        let finite = all.filter(|loss| loss.is_finite());
        let (low, high) = finite
            .fold((f64::INFINITY, 0.0_f64), |(low, high), loss| (low.min(loss), high.max(loss)));
        if low > 0.0 && high > 100.0 * low { plot.log_y() } else { plot }
    }

    /// The name of the metric, if it is another number than the loss.
    fn metric(&self) -> Option<&'static str> {
        let of = |epoch: &Epoch| epoch.validation.as_ref().map(|validation| validation.metric);
        self.epochs.iter().filter_map(of).find(|metric| *metric != "loss")
    }

    fn metric_curve(&self, metric: &'static str) -> Plot {
        let score = |epoch: &Epoch| {
            let of = |validation: &Validation| validation.metric == metric;
            epoch.validation.as_ref().filter(|validation| of(validation)).map(|of| of.score)
        };
        let scores = self.epochs.iter().map(|epoch| (epoch, score(epoch)));
        let points = scores.filter_map(|(epoch, score)| Some((epoch.number as f64, score?)));
        // An empty line takes the first colour: validation has one colour in both pictures.
        let plot = Plot::new("epoch", metric).whole_x().line("", []).line("validation", points);
        match self.best().and_then(|best| Some((best.number as f64, score(best)?))) {
            Some((number, score)) => plot.mark(number, score, format!("best: {score:.4}")),
            None => plot,
        }
    }
}
