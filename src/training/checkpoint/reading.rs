//! Going on from a checkpoint.

use std::io::ErrorKind;
use std::path::Path;

use super::super::Epoch;
use super::super::clock::Clock;
use super::super::settings::Resume;
use super::super::training_loop::TrainingLoop;
use super::record::{self, Middle, Record};
use super::writing::{SUM, checksum};
use super::{AVERAGE, BEST, CHECKSUM, FORMAT, HISTORY, MODEL, OPTIMIZER};
use crate::core::{Error, Parameters, Scalar};
use crate::formats::safetensors::{File, fill_from, open, read};
use crate::layers::Described;
use crate::optimizers::{Optimizer, read_state};

impl<T: Scalar, C> TrainingLoop<T, C> {
    /// Takes the state of a training from the file of [`resume`](Self::resume), if there is to be one; says whether there was.
    pub(in crate::training) fn go_on_from_file<D, O>(
        &mut self,
        net: &mut D::Of,
        optimizer: &mut O,
    ) -> Result<bool, Error>
    where
        D: Described<Scalar = T>,
        O: Optimizer<T>,
    {
        let Some(Resume { path, or_starts }) = self.settings.resume.clone() else {
            return Ok(false);
        };
        let bytes = match read(&path) {
            Err(Error::Io { source, .. }) if or_starts && source.kind() == ErrorKind::NotFound => {
                return Ok(false);
            }
            bytes => bytes?,
        };
        let file = Opened { path: &path, file: open(&path, &bytes)? };
        file.check_sum(&bytes)?;
        file.check_is_of::<D, O>(optimizer)?;
        let record = file.record()?;
        let epochs = file.epochs()?;
        file.check_data(&record, self.data)?;
        file.check_held_out(&record, self.held_out, self.data)?;

        let model = file.weights::<D>(MODEL)?;
        let best = file.weights_if_there::<D>(BEST)?;
        let average = file.weights_if_there::<D>(AVERAGE)?;
        read_state::<D, O>(optimizer, file.file, OPTIMIZER)
            .map_err(|misfit| misfit.in_file(&path))?;
        // All of it is good. The learning rate is a setting.
        optimizer.set_learning_rate(self.base);
        net.as_mut_slice().copy_from_slice(&model);
        (self.best, self.average) = (best, average);

        let Record {
            first, done, middle, elapsed, best, to_beat, waited, is_reached, plateau, ..
        } = record;
        (self.first, self.done) = (first, done);
        self.seed = optimizer.state().seed;
        optimizer.state_mut().run.epochs = done;
        let watch = &mut self.watch;
        (watch.best, watch.to_beat, watch.waited) = (best, to_beat, waited);
        (watch.is_reached, watch.plateau) = (is_reached, plateau);
        if self.is_unvalidated && watch.is_by_measurement() {
            // What comes cannot be compared with it.
            watch.begin_anew();
            self.best.clear();
        }
        let status = &mut self.status;
        status.history.epochs = epochs;
        status.run = Clock::start(elapsed);
        if let Some(Middle { samples, step, sum, loss, elapsed }) = middle {
            status.begin(done + 1);
            (status.samples, status.step, status.sum, status.loss) = (samples, step, sum, loss);
            status.this_epoch = Clock::start(elapsed);
            self.is_resumed = true;
        } else {
            // It may have been written by the last epoch.
            status.stop = self.watch.verdict(&self.settings);
        }
        Ok(true)
    }
}

/// A checkpoint that is open.
struct Opened<'a> {
    path: &'a Path,
    file: File<'a>,
}

impl Opened<'_> {
    fn error(
        &self,
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Error {
        let path = self.path.to_path_buf();
        Error::Format { path, place: place.into(), expected: expected.into(), found: found.into() }
    }

    fn text(&self, key: &str) -> Option<String> {
        self.file.metadata(key).map(|text| text.chars().collect())
    }

    /// That it is a checkpoint, and whole.
    fn check_sum(&self, bytes: &[u8]) -> Result<(), Error> {
        let format = self.text("format");
        if format.as_deref() != Some(FORMAT) {
            let found = format.map_or("weights alone".to_owned(), |format| format!("`{format}`"));
            return Err(self.error("`format` in `__metadata__`", format!("`{FORMAT}`"), found));
        }
        let found = self.file.tensors().find(|tensor| tensor.name.is(CHECKSUM));
        let (all, last) = bytes.split_at(bytes.len().saturating_sub(SUM));
        // The last bytes of the file, whatever its header says.
        let is_there = found.is_some_and(|found| found.bytes == last);
        let expected = checksum(all);
        if !is_there || expected != last {
            let number = |bytes: &[u8]| {
                let digits: String = bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect();
                format!("{digits}: the file is damaged")
            };
            let expected = number(&expected).replace(": the file is damaged", "");
            return Err(self.error("checksum", expected, number(last)));
        }
        Ok(())
    }

    /// That it is of this network and this optimizer.
    fn check_is_of<D: Described, O: Optimizer<D::Scalar>>(
        &self,
        optimizer: &O,
    ) -> Result<(), Error> {
        let ours = record::architecture::<D>();
        let [(text, expected), (hash, expected_hash)] = &ours[..] else { return Ok(()) };
        if self.text(hash).as_ref() != Some(expected_hash) {
            let found = self.text(text).unwrap_or_default();
            let mut lines = expected.lines();
            let mut others = found.lines();
            loop {
                let (line, other) = (lines.next(), others.next());
                if line != other || line.is_none() {
                    let shown = |line: Option<&str>| match line {
                        Some(line) => format!("`{line}`"),
                        None => "no more layers".to_owned(),
                    };
                    return Err(self.error("architecture", shown(line), shown(other)));
                }
            }
        }
        let (expected, found) = (optimizer.name(), self.text("optimizer").unwrap_or_default());
        if expected != found {
            return Err(self.error("optimizer", format!("`{expected}`"), format!("`{found}`")));
        }
        Ok(())
    }

    fn record(&self) -> Result<Record, Error> {
        record::read(&|key| self.text(key)).map_err(|key| {
            let found = self.text(key).map_or("nothing".to_owned(), |text| format!("{text:?}"));
            self.error(format!("`{key}` in `__metadata__`"), "what a checkpoint has there", found)
        })
    }

    fn epochs(&self) -> Result<Vec<Epoch>, Error> {
        let found = self.file.tensors().find(|tensor| tensor.name.is(HISTORY));
        found.and_then(|found| record::epochs(found.bytes)).ok_or_else(|| {
            self.error(format!("tensor `{HISTORY}`"), "the epochs of a training", "something else")
        })
    }

    /// In the middle of an epoch, that its samples are still those.
    fn check_data(&self, record: &Record, data: Option<usize>) -> Result<(), Error> {
        if record.middle.is_none() || record.data == data {
            return Ok(());
        }
        let count = |samples: Option<usize>| match samples {
            Some(samples) => format!("{samples} training samples"),
            None => "a loop of one's own".to_owned(),
        };
        let place = format!("epoch {}, which is not finished", record.done + 1);
        Err(self.error(place, count(data), count(record.data)))
    }

    /// That what is held out is the same samples: others were trained on.
    fn check_held_out(
        &self,
        record: &Record,
        fraction: Option<f64>,
        data: Option<usize>,
    ) -> Result<(), Error> {
        if fraction.is_none() || (record.held_out, record.data) == (fraction, data) {
            return Ok(());
        }
        let part = |fraction: Option<f64>, data: Option<usize>| match fraction {
            Some(fraction) => format!("{fraction} of {} samples", data.unwrap_or_default()),
            None => "none, so that they were all trained on".to_owned(),
        };
        let expected = part(fraction, data);
        Err(self.error("the part that is held out", expected, part(record.held_out, record.data)))
    }

    fn weights<D: Described>(&self, prefix: &str) -> Result<Vec<D::Scalar>, Error> {
        let mut weights = vec![num_traits::Zero::zero(); D::Of::PARAMETERS];
        fill_from::<D>(&mut weights, self.file, self.path, prefix, "the network")?;
        Ok(weights)
    }

    /// None, if there is no tensor under this prefix.
    fn weights_if_there<D: Described>(&self, prefix: &str) -> Result<Vec<D::Scalar>, Error> {
        if self.file.tensors().any(|tensor| tensor.name.is_under(prefix)) {
            self.weights::<D>(prefix)
        } else {
            Ok(Vec::new())
        }
    }
}
