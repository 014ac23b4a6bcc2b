//! Weights of samples, beside their targets.

use super::Dataset;
use super::split::Stratified;
use crate::core::{Error, Scalar};

/// # Weights of samples
///
/// A weight stands beside its target, `(target, weight)`, and a loss that is [`weighted`](crate::losses::Weighted) multiplies the loss of the sample by it.
impl<I, Y> Dataset<I, Y> {
    /// The same data with a weight beside each target.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// let data = Dataset::new(vec![SVector::from([1.0_f32]), SVector::from([2.0])], vec![false, true])?;
    /// let weighted: Dataset<SVector<f32, 1>, (bool, f32)> = data.with_weights(vec![0.5, 2.0])?;
    /// assert_eq!(weighted.targets(), [(false, 0.5), (true, 2.0)]);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::WeightCount`] if there are not as many weights as samples; [`Error::InvalidNumber`] if one is negative, NaN or infinite.
    pub fn with_weights<T: Scalar>(self, weights: Vec<T>) -> Result<Dataset<I, (Y, T)>, Error> {
        if weights.len() != self.len() {
            return Err(Error::WeightCount { samples: self.len(), weights: weights.len() });
        }
        for (sample, weight) in weights.iter().enumerate() {
            if !weight.is_finite() || *weight < T::zero() {
                let (place, expected) =
                    (format!("weight of sample {sample}"), "a finite number of at least 0");
                return Err(Error::InvalidNumber { place, expected, found: weight.as_f64() });
            }
        }
        let mut weights = weights.into_iter();
        // There is one for each.
        Ok(self.map_targets(|target| (target, weights.next().unwrap_or_else(T::zero))))
    }

    /// The same data with the weight `f(input, target)` beside each target.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidNumber`] if a weight is negative, NaN or infinite.
    pub fn weighted_by<T: Scalar>(
        self,
        mut f: impl FnMut(&I, &Y) -> T,
    ) -> Result<Dataset<I, (Y, T)>, Error> {
        let weights = self.iter().map(|(input, target)| f(input, target)).collect();
        self.with_weights(weights)
    }
}

impl<I, Y: Stratified> Dataset<I, Y> {
    /// A weight for each class that makes up for how often it is there: w = n / (k n_c), with n samples, k classes that are there, and n_c samples of
    /// the class; 0 for a class that is not there. The weights of all samples have the mean 1.
    ///
    /// scikit-learn's `compute_class_weight("balanced")`.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// let targets = [0, 0, 0, 1].map(Class::<3>::new).into_iter().collect::<Result<_, _>>()?;
    /// let data = Dataset::new(vec![(); 4], targets)?;
    /// assert_eq!(data.balanced_weights(), [4.0 / 6.0, 2.0, 0.0]);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn balanced_weights(&self) -> Vec<f64> {
        let mut counts = vec![0_usize; Y::STRATA];
        for target in self.targets() {
            counts[target.stratum()] += 1;
        }
        let there = counts.iter().filter(|count| **count > 0).count();
        let weight = |count: usize| match count {
            0 => 0.0,
            _ => self.len() as f64 / (there * count) as f64,
        };
        counts.into_iter().map(weight).collect()
    }

    /// The same data with the [balanced weight](Self::balanced_weights) of its class beside each target.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Net<input 1 => dense 1>; }
    ///
    /// let inputs = (0..10).map(|i| SVector::from([i as f32])).collect();
    /// let rare = (0..10).map(|i| i == 9).collect();
    /// let data: Dataset<SVector<f32, 1>, (bool, f32)> = Dataset::new(inputs, rare)?.balanced();
    /// assert_eq!(data.targets()[9], (true, 5.0));
    ///
    /// let mut rng = StdRng::seed_from_u64(7);
    /// let mut net = Net::random(&mut rng);
    /// Trainer::new(BinaryCrossEntropy.weighted(), Adam::default()).fit(&mut *net, &data, &mut rng)?;
    /// # Ok::<(), axonal::Error>(())
    /// ```
    #[must_use]
    pub fn balanced<T: Scalar>(self) -> Dataset<I, (Y, T)> {
        let weights = self.balanced_weights();
        self.map_targets(|target| {
            let weight = T::of(weights[target.stratum()]);
            (target, weight)
        })
    }
}
