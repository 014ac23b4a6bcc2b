//! Writing a checkpoint.

use std::time::Duration;

use flate2::Crc;

use super::super::clock::Clock;
use super::super::training_loop::TrainingLoop;
use super::{
    AVERAGE, BEST, CHECKSUM, Checkpoint, Every, FORMAT, HISTORY, MODEL, OPTIMIZER, record, rotation,
};
use crate::core::weights_error::Dtype;
use crate::core::{Error, Parameters, Scalar};
use crate::formats::safetensors::Writing;
use crate::io::atomic;
use crate::layers::Described;
use crate::optimizers::{Optimizer, write_state};

impl<T: Scalar, C> TrainingLoop<T, C> {
    /// Writes a checkpoint, if it is time for one: after a step, or after the end of an epoch.
    pub(in crate::training) fn write_checkpoint<D, O>(
        &mut self,
        net: &D::Of,
        optimizer: &O,
        is_epoch_end: bool,
    ) -> Result<(), Error>
    where
        D: Described<Scalar = T>,
        O: Optimizer<T>,
    {
        let Some(checkpoint) = &self.settings.checkpoint else { return Ok(()) };
        let is_last = self.status.stop.is_some() || is_epoch_end && self.done >= self.status.epochs;
        let is_due = match checkpoint.every {
            Every::Epochs(epochs) => {
                is_epoch_end && (self.done - self.first).is_multiple_of(epochs)
            }
            Every::Steps(steps) => {
                !is_epoch_end && optimizer.state().steps().is_multiple_of(steps as u64)
            }
            Every::Time(time) => self.written.at.is_some_and(|at| at.elapsed() >= time),
        };
        if self.written.at.is_none() {
            self.written.at = Some(Clock::start(Duration::ZERO));
        }
        if !is_due && !is_last {
            return Ok(());
        }
        for epoch in &self.status.history.epochs[self.written.epochs..] {
            self.written.history += &record::line(epoch);
            self.written.epochs += 1;
        }
        let bytes = self.bytes::<D, O>(net, optimizer, is_epoch_end);
        let Checkpoint { path, keep, .. } = checkpoint;
        atomic::write(path, &bytes)?;
        if *keep > 0 && is_epoch_end {
            atomic::write(&rotation::of_epoch(path, self.done), &bytes)?;
            rotation::remove_old(path, self.done, *keep);
            if self.watch.best.is_some_and(|best| best.epoch == self.done) {
                atomic::write(&rotation::of_best(path), &bytes)?;
            }
        }
        self.written.at = Some(Clock::start(Duration::ZERO));
        Ok(())
    }

    fn bytes<D, O>(&self, net: &D::Of, optimizer: &O, is_epoch_end: bool) -> Vec<u8>
    where
        D: Described<Scalar = T>,
        O: Optimizer<T>,
    {
        let mut writing = Writing::new().parameters::<D>(net.as_slice(), MODEL);
        for (weights, name) in [(&self.best, BEST), (&self.average, AVERAGE)] {
            if !weights.is_empty() {
                writing = writing.parameters::<D>(weights, name);
            }
        }
        writing = write_state::<D, O>(writing, optimizer, OPTIMIZER).metadata("format", FORMAT);
        for (key, value) in record::architecture::<D>() {
            writing = writing.metadata(key, value);
        }
        writing = writing.metadata("optimizer", optimizer.name());
        for (key, value) in record::write(self, is_epoch_end) {
            writing = writing.metadata(key, value);
        }
        let history = self.written.history.as_bytes();
        writing = writing.tensor(HISTORY, Dtype::U8, &[history.len()], history);
        let mut bytes = writing.tensor(CHECKSUM, Dtype::U8, &[SUM], vec![0; SUM]).finish();
        let end = bytes.len() - SUM;
        let sum = checksum(&bytes[..end]);
        bytes[end..].copy_from_slice(&sum);
        bytes
    }
}

/// The bytes of the checksum.
pub(super) const SUM: usize = size_of::<u32>();

/// The CRC-32 of bytes.
pub(super) fn checksum(bytes: &[u8]) -> [u8; SUM] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}
