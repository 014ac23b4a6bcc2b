//! Which parameters are learned.

use axonal::Layer;
use axonal::layers::{Kind, ParameterPath, Part};

/// The places of all parameters but the running statistics.
pub(crate) fn learned<L: Layer>() -> Vec<usize> {
    let (mut places, mut at) = (Vec::new(), 0);
    L::describe(&ParameterPath::ROOT, &mut |_, part| {
        if let Part::Tensor { kind, shape, .. } = part {
            let count = shape.iter().product::<usize>();
            if kind != Kind::Statistic {
                places.extend(at..at + count);
            }
            at += count;
        }
    });
    places
}
