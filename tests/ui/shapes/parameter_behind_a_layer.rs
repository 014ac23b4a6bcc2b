axonal::network! {
    struct Net<input 4 => dense 3 => parameter 2 init zeros>;
}

fn main() {}
