//! The state of an optimizer in a safetensors file, under PyTorch's names: `state.dense1.weight.exp_avg`.
//!
//! What PyTorch has no name for is in the file's `__metadata__`: the number of steps as a whole number (PyTorch has it as an `F32` beside each parameter's moments), the
//! seed, the learning rate.

use core::fmt;

use super::arguments::is_rate;
use super::{Optimizer, State};
use crate::core::weights_error::{Dtype, Reason};
use crate::core::{Error, Scalar};
use crate::formats::safetensors::{File, Search, Stored, Tensor, Writing, found, list};
use crate::layers::{Described, Description, Kind, ParameterPath};
#[cfg(feature = "files")]
use std::path::Path;

/// The number of steps, of each parameter.
const STEP: &str = "step";

/// Adds the state of an optimizer of the network `D` to a file.
///
/// # Panics
///
/// If the optimizer belongs to another network.
pub(crate) fn write_state<'a, D, O>(
    writing: Writing<'a>,
    optimizer: &'a O,
    prefix: &str,
) -> Writing<'a>
where
    D: Described,
    O: Optimizer<D::Scalar> + ?Sized,
{
    let state = optimizer.state();
    state.check_network::<D>();
    let (moments, scalars) = (optimizer.moments(), optimizer.scalars());
    write(writing, state, Layout { network: D::description(), moments, scalars: &scalars, prefix })
}

/// Reads the state of an optimizer of the network `D` from a file: all of it, or nothing.
///
/// # Panics
///
/// If the optimizer belongs to another network.
pub(crate) fn read_state<D, O>(
    optimizer: &mut O,
    file: File<'_>,
    prefix: &str,
) -> Result<(), Misfit>
where
    D: Described,
    O: Optimizer<D::Scalar> + ?Sized,
{
    let (moments, scalars) = (optimizer.moments(), optimizer.scalars());
    let state = optimizer.state_mut();
    state.belong_to::<D>();
    let layout = Layout { network: D::description(), moments, scalars: &scalars, prefix };
    let rest = check::<D::Scalar>(file, layout)?;
    state.reset();
    state.prepare::<D>(moments);
    fill(state, file, layout);
    let Rest { steps, seed, learning_rate } = rest;
    state.steps = steps.unwrap_or(state.steps);
    state.seed = seed.unwrap_or(state.seed);
    state.learning_rate = learning_rate.unwrap_or(state.learning_rate);
    Ok(())
}

/// Which tensors a state has.
#[derive(Clone, Copy)]
struct Layout<'a> {
    network: Description,
    moments: &'static [&'static str],
    /// [`Optimizer::scalars`]
    scalars: &'a [(&'static str, f64)],
    prefix: &'a str,
}

impl Layout<'_> {
    /// Calls `visit` with each tensor of the network that is learned.
    fn parameters(self, visit: &mut dyn FnMut(&ParameterPath<'_>, Tensor)) {
        Tensor::each_of(self.network, &mut |path, tensor| {
            if tensor.kind != Kind::Statistic {
                visit(path, tensor);
            }
        });
    }

    /// The name of a moment.
    fn name<'a>(&'a self, path: &'a ParameterPath<'a>, moment: &'a str) -> Name<'a> {
        Name { prefix: self.prefix, path, moment }
    }

    fn key<'a>(&'a self, key: &'a str) -> Under<'a> {
        Under(self.prefix, key)
    }

    /// What stands beside the moments; where a moment has this name, nothing.
    fn step(self) -> Option<&'static str> {
        (!self.moments.contains(&STEP)).then_some(STEP)
    }

    /// The names of the moments, in words.
    fn kept(self) -> String {
        let names: Vec<_> = self.moments.iter().map(|name| format!("`{name}`")).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    }
}

/// Displays as `optimizer.state.dense1.weight.exp_avg`.
struct Name<'a> {
    prefix: &'a str,
    path: &'a ParameterPath<'a>,
    moment: &'a str,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", Under(self.prefix, "state"), self.path, self.moment)
    }
}

/// A name under a prefix, which may be empty.
struct Under<'a>(&'a str, &'a str);

impl fmt::Display for Under<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(prefix, name) = self;
        if !prefix.is_empty() {
            write!(formatter, "{prefix}.")?;
        }
        formatter.write_str(name)
    }
}

fn write<'a, T: Scalar>(
    mut writing: Writing<'a>,
    state: &'a State<T>,
    layout: Layout<'_>,
) -> Writing<'a> {
    #[expect(clippy::cast_precision_loss, reason = "PyTorch's, which counts so too")]
    let steps = layout.step().map(|step| (step, state.steps as f32));
    #[expect(clippy::cast_possible_truncation, reason = "PyTorch's type")]
    let scalars = layout.scalars.iter().map(|(name, number)| (*name, *number as f32));
    let scalars: Vec<_> = steps.into_iter().chain(scalars).collect();
    let mut named = Vec::new();
    layout.parameters(&mut |path, tensor| {
        for moment in layout.moments {
            writing.push(&layout.name(path, moment), tensor, state.moment(moment));
        }
        let names = scalars.iter().map(|(name, number)| (layout.name(path, name), number));
        named.extend(names.map(|(name, number)| (name.to_string(), number.to_le_bytes())));
    });
    for (name, bytes) in named {
        writing = writing.tensor(name, Dtype::F32, &[], bytes.to_vec());
    }
    writing
        .metadata(layout.key("steps"), state.steps)
        .metadata(layout.key("seed"), state.seed)
        .metadata(layout.key("learning_rate"), state.learning_rate)
}

/// What a state has beside its moments, as far as the file says it.
#[derive(Default)]
struct Rest {
    steps: Option<u64>,
    seed: Option<u64>,
    learning_rate: Option<f64>,
}

/// That a file has all tensors of a state, and no others.
fn check<T: Scalar>(file: File<'_>, layout: Layout<'_>) -> Result<Rest, Misfit> {
    let under = layout.key("state").to_string();
    let is_ours = |stored: &Stored<'_>| stored.name.is_under(&under);
    let mut search = Search::new(file);
    let (mut checked, mut count) = (Ok(()), 0);
    layout.parameters(&mut |path, tensor| {
        for moment in layout.moments {
            if checked.is_err() {
                return;
            }
            let name = layout.name(path, moment);
            count += 1;
            let reason = match search.find(&name) {
                Some(stored) => tensor.check::<T>(&stored).err(),
                None => Some(Reason::Missing),
            };
            checked = reason.map_or(Ok(()), |reason| {
                let expected = reason.expected(tensor.shape, Dtype::scalar::<T>());
                let there = |stored: &Stored<'_>| stored.name.is_under(&format!("{under}.{path}"));
                let found = match reason {
                    Reason::Missing if file.tensors().any(|stored| there(&stored)) => {
                        format!("{reason}, but {}", list(file.tensors().filter(there)))
                    }
                    Reason::Missing => format!("{reason} (the file has {})", list(file.tensors())),
                    _ => reason.to_string(),
                };
                Err(Misfit::of(Place::Tensor(name.to_string()), expected, found))
            });
        }
    });
    checked?;

    let (steps, counts) = steps(file, layout)?;
    let mut search = Search::new(file);
    layout.parameters(&mut |path, _| {
        let scalars = layout.scalars.iter().map(|(name, _)| layout.name(path, name));
        count += scalars.filter(|name| search.find(name).is_some()).count();
    });
    if file.tensors().filter(is_ours).count() != count + counts {
        for (index, stored) in file.tensors().filter(is_ours).enumerate() {
            let name: String = stored.name.chars().collect();
            let is_it = |other: &Stored<'_>| other.name.is(&name);
            let mut is_known = false;
            layout.parameters(&mut |path, _| {
                let scalars = layout.scalars.iter().map(|(name, _)| *name);
                let mut names = layout.moments.iter().copied().chain(layout.step()).chain(scalars);
                is_known |= names.any(|kept| stored.name.is_displayed_by(layout.name(path, kept)));
            });
            let (expected, found) = if !is_known {
                let kept = layout.kept();
                let none = format!("no such tensor: of each parameter this optimizer keeps {kept}");
                (none, found(&stored).to_string())
            } else if file.tensors().filter(is_ours).take(index).any(|other| is_it(&other)) {
                ("one tensor of this name".to_owned(), "two".to_owned())
            } else {
                continue;
            };
            return Err(Misfit::of(Place::Tensor(name), expected, found));
        }
    }

    let learning_rate = metadata(file, layout, "learning_rate", "a finite number from 0 on")?;
    if let Some(rate) = learning_rate.filter(|rate| !is_rate::<T>(*rate)) {
        return Err(Misfit::of(
            Place::Metadata(layout.key("learning_rate").to_string()),
            "a finite number from 0 on",
            rate,
        ));
    }
    Ok(Rest { steps, seed: metadata(file, layout, "seed", "a whole number")?, learning_rate })
}

/// How many steps were taken, and how many tensors say so. Each does in PyTorch, but for `SGD`.
fn steps(file: File<'_>, layout: Layout<'_>) -> Result<(Option<u64>, usize), Misfit> {
    let (mut counts, mut first, mut checked) = (0, None::<(String, f64)>, Ok(()));
    if let Some(step) = layout.step() {
        let mut search = Search::new(file);
        layout.parameters(&mut |path, _| {
            let name = layout.name(path, step);
            let Some(stored) = search.find(&name).filter(|_| checked.is_ok()) else { return };
            counts += 1;
            let mut steps = f64::NAN;
            let is_scalar = stored.dtype.is_read() && stored.shape.sizes().all(|size| size == 1);
            if is_scalar {
                stored.dtype.numbers(stored.bytes, |number: f64| steps = number);
            }
            let misfit = |expected: &dyn fmt::Display, found: &dyn fmt::Display| {
                Err(Misfit::of(Place::Tensor(name.to_string()), expected, found))
            };
            checked = match &first {
                _ if !is_scalar => misfit(&"a number of steps, F32 []", &found(&stored)),
                _ if steps < 0.0 || steps.fract() != 0.0 => {
                    misfit(&"a whole number of steps", &steps)
                }
                Some((other, before)) if *before != steps => {
                    misfit(&format_args!("{before} steps, as in `{other}`"), &steps)
                }
                _ => Ok(()),
            };
            first.get_or_insert_with(|| (name.to_string(), steps));
        });
    }
    checked?;
    let exact = metadata::<u64>(file, layout, "steps", "a whole number")?;
    #[expect(clippy::cast_precision_loss, reason = "that is what is compared")]
    if let (Some(exact), Some((name, counted))) = (exact, &first)
        && ![f64::from(exact as f32), exact as f64].contains(counted)
    {
        return Err(Misfit::of(
            Place::Metadata(layout.key("steps").to_string()),
            format_args!("{counted}, as in `{name}`"),
            exact,
        ));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number")]
    let counted = first.map(|(_, counted)| counted as u64);
    Ok((exact.or(counted), counts))
}

/// A number in the metadata, if it is there.
fn metadata<N: core::str::FromStr>(
    file: File<'_>,
    layout: Layout<'_>,
    key: &str,
    expected: &str,
) -> Result<Option<N>, Misfit> {
    let key = layout.key(key);
    let Some(text) = file.metadata(&key) else { return Ok(None) };
    let text: String = text.chars().collect();
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => {
            Err(Misfit::of(Place::Metadata(key.to_string()), expected, format_args!("`{text}`")))
        }
    }
}

/// The moments, from a file that has them all.
fn fill<T: Scalar>(state: &mut State<T>, file: File<'_>, layout: Layout<'_>) {
    let mut search = Search::new(file);
    layout.parameters(&mut |path, tensor| {
        for moment in layout.moments {
            let stored = search.find(&layout.name(path, moment));
            if let (Some(stored), Some(numbers)) = (stored, state.moment_mut(moment)) {
                tensor.copy(&stored, numbers);
            }
        }
    });
}

/// Why tensors are not the state of an optimizer.
#[derive(Debug)]
pub(crate) struct Misfit {
    place: Place,
    expected: String,
    found: String,
}

/// Where in a file.
#[derive(Debug)]
enum Place {
    Header,
    Metadata(String),
    Tensor(String),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => formatter.write_str("header"),
            Self::Metadata(key) => write!(formatter, "`{key}` in `__metadata__`"),
            Self::Tensor(name) => write!(formatter, "tensor `{name}`"),
        }
    }
}

impl Misfit {
    fn of(place: Place, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self { place, expected: expected.to_string(), found: found.to_string() }
    }

    /// Of bytes in memory.
    fn in_bytes(self) -> Error {
        let Self { place, expected, found } = self;
        Error::OptimizerState { place: place.to_string(), expected, found }
    }

    /// Of a file.
    #[cfg(feature = "files")]
    pub(crate) fn in_file(self, path: &Path) -> Error {
        let Self { place, expected, found } = self;
        let path = path.to_path_buf();
        match place {
            Place::Tensor(tensor) => Error::Tensor { path, tensor, expected, found },
            place => Error::Format { path, place: place.to_string(), expected, found },
        }
    }
}

/// [`Optimizer::state_to_bytes`]
pub(super) fn to_bytes<D, O>(optimizer: &O) -> Vec<u8>
where
    D: Described,
    O: Optimizer<D::Scalar>,
{
    write_state::<D, O>(Writing::new(), optimizer, "").finish()
}

/// [`Optimizer::load_state_bytes`]
pub(super) fn load_bytes<D, O>(optimizer: &mut O, bytes: &[u8]) -> Result<(), Error>
where
    D: Described,
    O: Optimizer<D::Scalar>,
{
    let file = File::read(bytes);
    let file = file.map_err(|flaw| Misfit::of(Place::Header, "a safetensors file", flaw));
    file.and_then(|file| read_state::<D, O>(optimizer, file, "")).map_err(Misfit::in_bytes)
}

/// [`Optimizer::save_state`]
#[cfg(feature = "files")]
pub(super) fn save<D, O>(optimizer: &O, path: &Path) -> Result<(), Error>
where
    D: Described,
    O: Optimizer<D::Scalar>,
{
    crate::io::atomic::write(path, &to_bytes::<D, O>(optimizer))
}

/// [`Optimizer::load_state`]
#[cfg(feature = "files")]
pub(super) fn load<D, O>(optimizer: &mut O, path: &Path) -> Result<(), Error>
where
    D: Described,
    O: Optimizer<D::Scalar>,
{
    let bytes = crate::formats::safetensors::read(path)?;
    let file = crate::formats::safetensors::open(path, &bytes)?;
    read_state::<D, O>(optimizer, file, "").map_err(|misfit| misfit.in_file(path))
}
