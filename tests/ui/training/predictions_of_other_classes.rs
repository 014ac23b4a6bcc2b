use axonal::prelude::*;

network! { struct Net<input 2 => dense 3>; }

fn main() {
    let net = Net::zeros();
    let answers = Dataset::new(vec![SVector::from([0.0, 1.0])], vec![true]).unwrap();
    Evaluation::predictions(&*net, &answers);
    let classes = Class::<4>::new(1).unwrap();
    let classes = Dataset::new(vec![SVector::from([0.0, 1.0])], vec![classes]).unwrap();
    Evaluation::label_predictions(&*net, &classes);
}
