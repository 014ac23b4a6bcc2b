//! Which network and which settings: cross-validation, and searches over settings and over shapes. The page [selection](crate::guide::selection) shows all of it.
//!
//! ```
//! use axonal::prelude::*;
//! use axonal::selection::{CrossValidation, StratifiedKFold};
//!
//! network! { struct Flowers<input 4 => dense 8 tanh => dense 3>; }
//!
//! #[derive(Clone, Debug)]
//! struct Settings {
//!     learning_rate: f64,
//!     batch_size: usize,
//! }
//!
//! let iris = axonal::data::csv("examples/data/iris.csv").classification::<f32, 4, 3>()?;
//! let settings = axonal::grid!(Settings { learning_rate: [0.1, 0.01], batch_size: [10, 30] });
//! let search = CrossValidation::new(StratifiedKFold::new(3).shuffle(7)).search(&iris, settings, |of, fold| {
//!     let mut rng = fold.rng();
//!     let mut net = Flowers::random(&mut rng);
//!     Trainer::new(CrossEntropy, Adam::new(of.learning_rate))
//!         .epochs(4)
//!         .batch_size(of.batch_size)
//!         .fit(&mut *net, &fold.train, &mut rng)?;
//!     Ok(Evaluation::of(&*net, &fold.test).score())
//! })?;
//! println!("{search}");              // a table: mean and standard deviation of each, the best one first
//! let best: &Settings = &search.best().expect("one that trained").config;
//! assert_eq!(best.batch_size, 10);
//! # Ok::<(), axonal::Error>(())
//! ```

mod cross_validation;
mod folds;
mod macros;
mod report;
mod sampling;
mod search;

pub use cross_validation::CrossValidation;
pub use folds::{Fold, Folds, KFold, Places, StratifiedKFold};
pub use report::{CrossValidated, IntoScores, MeanScore};
pub use sampling::{Draw, sample_configs};
pub use search::{Search, Trial, Variant};
