axonal::network! { 784, 128, 10 }

mod arrows {
    axonal::network! { 784 => 128 => 10 }
}

mod brackets {
    axonal::network! { <> }
}

fn main() {}
