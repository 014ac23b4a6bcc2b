//! Samples one after the other, for sets that are larger than the memory.

use std::fmt;

use rand::{Rng, RngExt};

use super::Dataset;
use crate::core::Error;

/// Samples that come one after the other, each perhaps an error: of a file that is read while it is trained on, or of any source.
///
/// Every iterator of `Result<(input, target), Error>` is one: [`Csv::classification_stream`](super::Csv::classification_stream),
/// [`Csv::regression_stream`](super::Csv::regression_stream), [`idx::stream`](super::idx::stream), `csv.rows()?.map(…)`. [`shuffle`](Self::shuffle) and
/// [`batches`](Self::batches) are those of tf.data. The memory is that of the buffer and of a batch, however long the stream is.
///
/// A [`Trainer`](crate::training::Trainer) has its data in memory; over a stream, a loop of one's own goes:
///
/// ```
/// use axonal::data::{SampleStream, csv};
/// use axonal::prelude::*;
///
/// network! { struct Iris<input 4 => dense 16 relu => dense 3>; }
///
/// let file = csv("examples/data/iris.csv");
/// let mut rng = StdRng::seed_from_u64(7);
/// let mut net = Iris::random(&mut rng);
/// let mut optimizer = Adam::new(0.01);
/// let (mut first, mut last) = (0.0, 0.0);
/// for epoch in 0..30 {
///     let samples = file.classification_stream::<f32, 4, 3>()?;
///     for batch in samples.shuffle(150, StdRng::seed_from_u64(epoch)).batches(16) {
///         let batch = batch?;
///         last = net.train_step(batch.inputs(), batch.targets(), &CrossEntropy, &mut optimizer);
///         if first == 0.0 {
///             first = last;
///         }
///     }
/// }
/// assert!(last < 0.5 * first);
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// Samples pass by value: large images are for a [`Dataset`], or come in batches of one's own.
pub trait SampleStream<I, Y>: Iterator<Item = Result<(I, Y), Error>> + Sized {
    /// The samples in a random order, as far as a buffer of `buffer` samples goes: tf.data's `shuffle(buffer_size)`.
    ///
    /// The buffer is filled; then each sample that is given is drawn from it, and the next one of the stream takes its place. With a buffer as large as the
    /// stream, every order is as likely; with a small one, a sample comes at most `buffer` places early, so files that are sorted by class are to be shuffled
    /// on disk once. An error comes at once. The order follows from the generator.
    ///
    /// ```
    /// use axonal::data::SampleStream;
    /// use rand::{SeedableRng, rngs::StdRng};
    ///
    /// let samples = (0..100).map(|i| Ok((i, -i)));
    /// let order: Vec<i32> = samples
    ///     .shuffle(10, StdRng::seed_from_u64(7))
    ///     .map(|sample| sample.unwrap().0)
    ///     .collect();
    /// assert!(order.iter().enumerate().all(|(place, i)| *i < place as i32 + 10));
    /// assert!(order[..50] != Vec::from_iter(0..50));
    /// ```
    ///
    /// # Panics
    ///
    /// If `buffer` is 0.
    #[track_caller]
    fn shuffle<R: Rng>(self, buffer: usize, rng: R) -> ShuffleBuffer<Self, (I, Y), R> {
        assert!(buffer > 0, "a buffer takes one sample at least, found `shuffle(0, …)`");
        ShuffleBuffer { samples: self, capacity: buffer, buffer: Vec::new(), rng }
    }

    /// The samples in batches of `size`, the last of which may be smaller: tf.data's `batch(size)`. After an error there is no more.
    ///
    /// # Panics
    ///
    /// If `size` is 0.
    #[track_caller]
    fn batches(self, size: usize) -> Batches<Self> {
        assert!(size > 0, "a batch takes one sample at least, found `batches(0)`");
        Batches { samples: Some(self), size }
    }
}

impl<I, Y, S: Iterator<Item = Result<(I, Y), Error>>> SampleStream<I, Y> for S {}

/// Samples through a buffer, from which each is drawn at random: see [`SampleStream::shuffle`].
pub struct ShuffleBuffer<S, X, R> {
    samples: S,
    capacity: usize,
    buffer: Vec<X>,
    rng: R,
}

impl<X, S: Iterator<Item = Result<X, Error>>, R: Rng> Iterator for ShuffleBuffer<S, X, R> {
    type Item = Result<X, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.buffer.len() < self.capacity {
            match self.samples.next() {
                Some(Ok(sample)) => self.buffer.push(sample),
                Some(Err(error)) => return Some(Err(error)),
                None => {
                    // From here on there is nothing to wait for.
                    self.capacity = 0;
                }
            }
        }
        if self.buffer.is_empty() {
            return None;
        }
        let drawn = self.rng.random_range(0..self.buffer.len());
        Some(Ok(self.buffer.swap_remove(drawn)))
    }
}

impl<S, X, R> fmt::Debug for ShuffleBuffer<S, X, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ShuffleBuffer")
            .field("len", &self.buffer.len())
            .finish_non_exhaustive()
    }
}

/// Data sets of some samples each: see [`SampleStream::batches`].
pub struct Batches<S> {
    /// Nothing after an error.
    samples: Option<S>,
    size: usize,
}

impl<I, Y, S: Iterator<Item = Result<(I, Y), Error>>> Iterator for Batches<S> {
    type Item = Result<Dataset<I, Y>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let samples = self.samples.as_mut()?;
        let batch: Result<Dataset<I, Y>, Error> = samples.take(self.size).collect();
        if batch.is_err() {
            self.samples = None;
        }
        Some(batch).filter(|batch| !batch.as_ref().is_ok_and(Dataset::is_empty))
    }
}

impl<S> fmt::Debug for Batches<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Batches").field("size", &self.size).finish_non_exhaustive()
    }
}
