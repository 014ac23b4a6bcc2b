axonal::network! {}

fn main() {}
