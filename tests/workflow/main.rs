//! What stands round a training: checkpoints, callbacks, schedules, reports, pictures, model selection, pipelines.
//!
//! Apart from `tests/suite`, which takes minutes to build.

mod splits;
