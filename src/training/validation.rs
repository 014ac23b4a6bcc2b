//! What a trainer measures a network on after each epoch.

use num_traits::Float;

use super::Validation;
use crate::core::{Error, Sample, Scalar};
use crate::data::Dataset;
use crate::evaluation::measure;
use crate::layers::{Differentiable, Layer};
use crate::losses::Loss;
use crate::losses::heads::OfHead;
use crate::messages::{
    Backpropagation, Measured, Measures, Measuring, NoValidation, Through, ValidateOn,
};
use crate::metrics::Score;
use crate::metrics::heads::of_head;

impl Validation {
    /// Measures a network on a data set, as a [`Trainer`](super::Trainer) does after each epoch.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if there is no sample, [`Error::DivergedInValidation`] (of epoch 0) if the loss is NaN or infinite.
    pub fn of<N, Y, L>(net: &N, data: &Dataset<N::Input, Y>, loss: &L) -> Result<Self, Error>
    where
        N: Differentiable,
        Y: Sync,
        L: Loss<N::Output, Y, N::Activation>,
    {
        let (inputs, targets) = (data.inputs(), data.targets());
        <Measuring as Measures<N, L, Y>>::check(inputs.len())?;
        let measured = <Measuring as Measures<N, L, Y>>::measure::<Backpropagation>(
            net, inputs, targets, loss, 0,
        )?;
        // It is `Some` where there is something to measure.
        measured.map(Self::new).ok_or(Error::Empty { what: "the validation data" })
    }
}

#[diagnostic::do_not_recommend]
impl<N: Layer> ValidateOn<N> for NoValidation {
    type Size = <N::Input as Sample>::Size;
    type Scalar = N::Scalar;
    type Target = ();
    type How = Self;

    fn samples(&self) -> (&[N::Input], &[()]) {
        (&[], &[])
    }
}

#[diagnostic::do_not_recommend]
impl<N, X, Y> ValidateOn<N> for &Dataset<X, Y>
where
    N: Layer,
    X: Sample,
{
    type Size = X::Size;
    type Scalar = X::Scalar;
    type Target = Y;
    type How = Measuring;

    fn samples(&self) -> (&[N::Input], &[Y]) {
        // Of one size and scalar, they are of one type.
        (bytemuck::cast_slice(self.inputs()), self.targets())
    }
}

#[diagnostic::do_not_recommend]
impl<N, L, Y> Measures<N, L, Y, <N::Output as Sample>::Size> for Measuring
where
    N: Layer,
    Y: Sync,
    L: Loss<N::Output, Y, N::Activation>,
{
    type Is = ();

    fn check(samples: usize) -> Result<(), Error> {
        if samples == 0 { Err(Error::Empty { what: "the validation data" }) } else { Ok(()) }
    }

    fn measure<G: Through<N>>(
        net: &N,
        inputs: &[N::Input],
        targets: &[Y],
        loss: &L,
        epoch: usize,
    ) -> Result<Option<Measured>, Error> {
        let mean = G::loss(net, inputs, targets, loss).as_f64();
        if !mean.is_finite() {
            let mut samples = inputs.chunks(1).zip(targets.chunks(1));
            let sample = samples.position(|(x, y)| !G::loss(net, x, y, loss).is_finite());
            return Err(Error::DivergedInValidation { epoch, loss: mean, sample });
        }
        let by_loss = Score::smaller("loss", mean);
        let heads = L::HEADS.iter().enumerate().map(|(head, name)| {
            let mean = G::loss(net, inputs, targets, &OfHead { loss, head }).as_f64();
            of_head(name, Score::smaller("loss", mean))
        });
        let (mut score, mut scores) = (by_loss, heads.collect::<Vec<_>>());
        if let Some(mut meter) = loss.meter() {
            measure(net, inputs, targets, &mut *meter);
            score = meter.score();
            scores.extend(meter.scores());
        }
        // R² of one sample is not defined, nor, to compare epochs, that of equal targets.
        let score = if score.value.is_nan() { by_loss } else { score };
        Ok(Some(Measured { loss: mean, score, scores }))
    }
}

#[diagnostic::do_not_recommend]
impl<N: Layer, L, Y> Measures<N, L, Y, <N::Output as Sample>::Size> for NoValidation {
    type Is = ();

    fn check(_samples: usize) -> Result<(), Error> {
        Ok(())
    }

    fn measure<G: Through<N>>(
        _net: &N,
        _inputs: &[N::Input],
        _targets: &[Y],
        _loss: &L,
        _epoch: usize,
    ) -> Result<Option<Measured>, Error> {
        Ok(None)
    }
}
