//! What an optimizer does to some tensors in another way than to the others.

use core::ops::Range;

use crate::core::Parameters;
use crate::layers::{Described, Description, Kind};

/// How the parameters of one tensor are moved, where that is not as all others are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) frozen: bool,
    pub(crate) learning_rate_factor: f64,
    /// In the place of the optimizer's own.
    pub(crate) weight_decay: Option<f64>,
}

/// One tensor of a network.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    /// `encoder.dense1.weight`
    path: Box<str>,
    pub(crate) kind: Kind,
    /// The end of the tensor's parameters among those of the network.
    pub(crate) end: usize,
    pub(crate) settings: Settings,
}

/// The tensors of a network, by where they end among its parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tensors(Vec<Tensor>);

impl Tensors {
    pub(crate) fn of<D: Described>() -> Self {
        Self::described(D::description())
    }

    /// One function for all networks.
    fn described(network: Description) -> Self {
        let mut tensors = Vec::new();
        network.tensors(&mut |path, kind, shape, start| {
            let end = start + shape.iter().product::<usize>();
            let settings =
                Settings { frozen: false, learning_rate_factor: 1.0, weight_decay: None };
            let path = path.to_string().into();
            tensors.push(Tensor { path, kind, end, settings });
        });
        Self(tensors)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn index(&self, parameter: usize) -> usize {
        self.0.partition_point(|tensor| tensor.end <= parameter)
    }

    /// The tensor that a parameter is in.
    #[inline(always)]
    pub(crate) fn at(&self, parameter: usize) -> &Tensor {
        &self.0[self.index(parameter)]
    }

    /// Whether one of the tensors stays as it is.
    pub(super) fn some_are_frozen(&self) -> bool {
        self.0.iter().any(|tensor| tensor.settings.frozen)
    }

    /// Whether all these parameters stay as they are.
    pub(crate) fn are_frozen(&self, parameters: Range<usize>) -> bool {
        let mut at = parameters.start;
        while at < parameters.end {
            let tensor = self.at(at);
            if !tensor.settings.frozen {
                return false;
            }
            at = tensor.end;
        }
        true
    }

    /// The place of the first parameter that is not frozen.
    pub(crate) fn learns_from(&self) -> usize {
        let frozen = self.0.iter().take_while(|tensor| tensor.settings.frozen);
        frozen.last().map_or(0, |tensor| tensor.end)
    }

    /// Of these parameters those that are not frozen.
    pub(crate) fn learn(&self, parameters: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let mut start = parameters.start;
        let first = self.index(start);
        self.0[first..]
            .iter()
            .map_while(move |tensor| {
                let range = start..tensor.end.min(parameters.end);
                start = range.end;
                (!range.is_empty()).then_some((range, tensor.settings.frozen))
            })
            .filter_map(|(range, frozen)| (!frozen).then_some(range))
    }

    /// The settings of the tensors that are these parameters.
    pub(super) fn settings(
        &mut self,
        parameters: Range<usize>,
    ) -> impl Iterator<Item = &mut Settings> {
        let (first, last) = (self.index(parameters.start), self.index(parameters.end));
        for (index, place) in [(first, parameters.start), (last, parameters.end)] {
            let begins = index.checked_sub(1).map_or(0, |before| self.0[before].end);
            assert!(
                begins == place,
                "an optimizer's settings are for whole tensors, and this is a part of `{}`",
                self.0[index].path
            );
        }
        self.0[first..last].iter_mut().map(|tensor| &mut tensor.settings)
    }
}

/// Where a part of a network is among its parameters.
pub(super) fn place<N, P>(net: &N, part: &P) -> Range<usize>
where
    N: Parameters,
    P: Parameters<Scalar = N::Scalar>,
{
    if P::PARAMETERS == 0 {
        return 0..0;
    }
    let (whole, part) = (net.as_slice().as_ptr_range(), part.as_slice().as_ptr_range());
    // What a function makes of a reference to the network, and is not in it, can only be a `static`.
    assert!(
        whole.start <= part.start && part.end <= whole.end,
        "an optimizer's settings are for a part of the network, such as `|net| &net.dense1`, and this is none of its parts"
    );
    let start = (part.start.addr() - whole.start.addr()) / size_of::<N::Scalar>();
    start..start + P::PARAMETERS
}
