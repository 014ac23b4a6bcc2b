axonal::network! { { "input": 784, "layers": [{ "dense": 128 }, { "dense": 10 }] } }

fn main() {
    axonal::network!({ "input": 784, "layers": [{ "dense": 128 }, { "dense": 10 }] });
}
