"""The example `tabular` with scikit-learn: the same rows, networks and settings. Needs scikit-learn and pandas.

`python examples/tabular.py` from the root of the repository; `OMP_NUM_THREADS` and its like say how many threads it has.
"""

import time

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def parts(path):
    table = pd.read_csv(path)
    inputs, target = table.iloc[:, :-1], table.iloc[:, -1]
    test = np.arange(len(table)) % 5 == 4
    return inputs[~test], inputs[test], target[~test], target[test]


def settings(hidden, rate, batch, seed):
    return dict(
        hidden_layer_sizes=hidden, learning_rate_init=rate, batch_size=batch, alpha=0.0, max_iter=200,
        early_stopping=True, validation_fraction=0.1, n_iter_no_change=10, tol=0.0, random_state=seed,
    )


def houses(seed):
    train, test, y_train, y_test = parts("examples/data/california_housing.csv.gz")
    start = time.perf_counter()
    network = MLPRegressor(**settings((64, 32), 1e-3, 64, seed))
    model = TransformedTargetRegressor(make_pipeline(StandardScaler(), network), transformer=StandardScaler())
    model.fit(train, y_train)
    seconds = time.perf_counter() - start
    predicted = model.predict(test)
    epochs = model.regressor_[-1].n_iter_
    print(
        f"houses: R² {r2_score(y_test, predicted):.3f}, mean absolute error "
        f"{mean_absolute_error(y_test, predicted):.0f} dollars, {epochs} epochs, {seconds:.2f} s"
    )


def tumours(seed):
    train, test, y_train, y_test = parts("examples/data/breast_cancer.csv")
    start = time.perf_counter()
    model = make_pipeline(StandardScaler(), MLPClassifier(**settings((16,), 1e-2, 32, seed)))
    model.fit(train, y_train)
    seconds = time.perf_counter() - start
    accuracy = accuracy_score(y_test, model.predict(test))
    print(f"tumours: accuracy {accuracy:.3f}, {model[-1].n_iter_} epochs, {seconds:.3f} s")


for seed in range(5):
    houses(seed)
    tumours(seed)
