//! Only images can be shifted.

use axonal::data::augment::Shift;
use axonal::prelude::*;

network! { struct Digits<input 784 => dense 10>; }

fn train(
    net: &mut Digits,
    data: &Dataset<SVector<f32, 784>, Class<10>>,
    rng: &mut StdRng,
) -> Result<(), axonal::Error> {
    let mut trainer = Trainer::new(CrossEntropy, Adam::default()).augment(Shift::new(2));
    trainer.fit(net, data, rng)?;
    Ok(())
}

fn main() {}
