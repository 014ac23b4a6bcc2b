//! A pendulum swings up: TD3 (Fujimoto et al. 2018, <https://arxiv.org/abs/1802.09477>), reinforcement learning with continuous actions.
//!
//! ```text
//! cargo run --release --example pendulum          # another seed than 7: -- 8
//! ```

use std::array;
use std::f32::consts::PI;
use std::time::Instant;

use axonal::prelude::*;
use rand::RngExt;
use rand_distr::StandardNormal;

const STEPS: usize = 10_000;
/// Steps with random actions, before learning begins.
const WARM_UP: usize = 100;
const EPISODE: usize = 200;
const BATCH: usize = 100;
const DISCOUNT: f32 = 0.99;

network! {
    /// From cosine and sine of the angle and the angular velocity to a torque, from -1 to 1.
    struct Actor<input 3 => dense 64 relu => dense 64 relu => dense 1 tanh>;

    /// From the same and a torque to the sum of rewards that is to be expected.
    struct Critic<input 4 => dense 64 relu => dense 64 relu => dense 1>;
}

/// An actor, and two critics, of which the lower estimate counts.
#[repr(C)]
#[derive(Parameters)]
#[parameters(scalar = f32)]
pub struct Agent {
    actor: Actor,
    critics: [Critic; 2],
}

/// The one of Gymnasium's `Pendulum-v1`. At an angle of 0 it stands upright.
struct Pendulum {
    angle: f32,
    velocity: f32,
}

impl Pendulum {
    fn random(rng: &mut StdRng) -> Self {
        Self { angle: rng.random_range(-PI..PI), velocity: rng.random_range(-1.0..1.0) }
    }

    fn observe(&self) -> SVector<f32, 3> {
        [self.angle.cos(), self.angle.sin(), self.velocity].into()
    }

    /// Goes on by a twentieth of a second, and gives the reward.
    fn step(&mut self, action: f32) -> f32 {
        let torque = 2.0 * action;
        let angle = (self.angle + PI).rem_euclid(2.0 * PI) - PI;
        let reward = -(angle.powi(2) + 0.1 * self.velocity.powi(2) + 0.001 * torque.powi(2));
        let acceleration = 15.0 * self.angle.sin() + 3.0 * torque;
        self.velocity = (self.velocity + 0.05 * acceleration).clamp(-8.0, 8.0);
        self.angle += 0.05 * self.velocity;
        reward
    }
}

struct Transition {
    state: SVector<f32, 3>,
    action: f32,
    reward: f32,
    next: SVector<f32, 3>,
}

/// `action` with noise of a normal distribution, but for its tails.
fn noisy(action: f32, deviation: f32, tail: f32, rng: &mut StdRng) -> f32 {
    let noise: f32 = rng.sample(StandardNormal);
    (action + (deviation * noise).clamp(-tail, tail)).clamp(-1.0, 1.0)
}

/// Trains an agent, and gives back what follows it slowly: the average acts more steadily than the last step.
pub fn train(online: &mut Agent, rng: &mut StdRng) -> Box<Agent> {
    let mut target = Agent::zeros();
    target.lerp(online, 1.0);
    // One optimizer a network, whose moments it keeps.
    let mut of_actor = Adam::new(1e-3);
    let mut of_critics = [Adam::new(1e-3), Adam::new(1e-3)];
    let mut gradient = Actor::zeros();
    let mut actions = [SVector::zeros(); BATCH];
    let mut values = [[SVector::zeros(); BATCH]; 2];
    let mut input_gradients = [SVector::zeros(); BATCH];
    let mut replay: Vec<Transition> = Vec::with_capacity(STEPS);
    let mut pendulum = Pendulum::random(rng);
    for step in 0..STEPS {
        if step % EPISODE == 0 {
            pendulum = Pendulum::random(rng);
        }
        let state = pendulum.observe();
        let action = match step < WARM_UP {
            true => rng.random_range(-1.0..1.0),
            false => noisy(online.actor.forward(&state)[0], 0.3, 1.0, rng),
        };
        let reward = pendulum.step(action);
        replay.push(Transition { state, action, reward, next: pendulum.observe() });
        if step < WARM_UP {
            continue;
        }
        let batch: [&Transition; BATCH] =
            array::from_fn(|_| &replay[rng.random_range(0..replay.len())]);

        // The critics learn r + γ min Q′(s′, π′(s′) + noise): Q′ and π′ are the target's.
        let next = batch.map(|transition| transition.next);
        target.actor.forward_batch(&next, &mut actions);
        let inputs: [_; BATCH] =
            array::from_fn(|i| next[i].push(noisy(actions[i][0], 0.2, 0.5, rng)));
        for (critic, values) in target.critics.iter().zip(&mut values) {
            critic.forward_batch(&inputs, values);
        }
        let targets: [SVector<f32, 1>; BATCH] = array::from_fn(|i| {
            let value = values[0][i].inf(&values[1][i]);
            value * DISCOUNT + SVector::from([batch[i].reward])
        });
        let inputs = batch.map(|transition| transition.state.push(transition.action));
        for (critic, optimizer) in online.critics.iter_mut().zip(&mut of_critics) {
            critic.train_step(&inputs, &targets, &MeanSquaredError, optimizer);
        }

        // The actor learns to make the mean of Q(s, π(s)) larger, at every second step.
        if step % 2 == 0 {
            let states = batch.map(|transition| transition.state);
            online.actor.forward_batch(&states, &mut actions);
            let inputs: [_; BATCH] = array::from_fn(|i| states[i].push(actions[i][0]));
            let up = [SVector::from([-1.0 / BATCH as f32]); BATCH];
            online.critics[0].input_gradients(&inputs, &up, &mut input_gradients);
            let action_gradients = input_gradients.map(|gradient| [gradient[3]].into());
            online.actor.backward(&states, &action_gradients, &mut gradient, None);
            of_actor.apply(&mut online.actor, &gradient);
            target.lerp(online, 0.005);
        }
    }
    target
}

/// The mean sum of rewards of 100 episodes, which begin in the same states at each call.
pub fn mean_return(agent: &Agent) -> f32 {
    const EPISODES: usize = 100;
    let mut rng = StdRng::seed_from_u64(1_000_000);
    let mut sum = 0.0;
    for _ in 0..EPISODES {
        let mut pendulum = Pendulum::random(&mut rng);
        for _ in 0..EPISODE {
            sum += pendulum.step(agent.actor.forward(&pendulum.observe())[0]);
        }
    }
    sum / EPISODES as f32
}

fn main() {
    let seed = std::env::args().nth(1).map_or(7, |seed| seed.parse().expect("a seed is a number"));
    let mut rng = StdRng::seed_from_u64(seed);
    let mut agent = Agent::random(&mut rng);
    println!("mean return before: {:.0}", mean_return(&agent));
    let start = Instant::now();
    let trained = train(&mut agent, &mut rng);
    println!("{STEPS} steps in {:.2} s", start.elapsed().as_secs_f64());
    println!("mean return after: {:.0}", mean_return(&trained));
}
