axonal::network! {
    enum Digits<input 784 => dense 10>;
}

fn main() {}
