axonal::network! {
    struct Net<input 4 => dense 2 init orthogonal(1.0, 2.0)>;
}

fn main() {}
