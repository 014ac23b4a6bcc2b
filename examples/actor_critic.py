"""The same agent as in `actor_critic.rs`, by Stable-Baselines3: one trunk, two heads, the same settings and number of steps.

    pip install stable-baselines3 && python examples/actor_critic.py 1 2 3
"""

import sys
import time

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from torch import nn


class Trunk(nn.Module):
    """Two layers for both heads: Stable-Baselines3 has one trunk as an extractor of features."""

    def __init__(self, space):
        super().__init__()
        self.features_dim = 64
        self.layers = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())

    def forward(self, states):
        return self.layers(states)


def main():
    torch.set_num_threads(1)
    for seed in map(int, sys.argv[1:] or ["1"]):
        carts = make_vec_env("CartPole-v1", n_envs=8, seed=seed)
        agent = PPO(
            "MlpPolicy",
            carts,
            learning_rate=lambda left: 1e-3 * left,
            n_steps=128,
            batch_size=256,
            n_epochs=4,
            gamma=0.99,
            gae_lambda=0.95,
            clip_range=0.2,
            ent_coef=0.01,
            vf_coef=0.25,
            max_grad_norm=0.5,
            policy_kwargs={"features_extractor_class": Trunk, "net_arch": []},
            seed=seed,
            device="cpu",
        )
        start = time.perf_counter()
        agent.learn(500_000)
        took = time.perf_counter() - start
        mean, _ = evaluate_policy(agent, make_vec_env("CartPole-v1", seed=1_000_000), n_eval_episodes=100)
        print(f"seed {seed}: mean return {mean:.1f} after {took:.1f} s", flush=True)


if __name__ == "__main__":
    main()
