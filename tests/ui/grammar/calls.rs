axonal::network! { Sequential([Dense(128), Dense(10)]) }

fn main() {}
