"""Trains the network, with a training checkpoint after every epoch; continues from model.json when it is there.

model.json holds all that the rest of the training depends on: weights, momentum, the state of the random numbers and
the history. So a training that was interrupted and resumed ends with the very numbers of one that was not.
"""

import os
import random
import sys
import time

from files import read_digits, read_json, write_json, write_table
from network import Network
from parameters import read_parameters
from savepoint import make_checkpoint

MODEL = "model.json"


class Training:
    """What a training is made of between two epochs."""

    def __init__(self, network, velocity, shuffling, history):
        self.network = network
        self.velocity = velocity
        self.shuffling = shuffling
        #: One entry for each epoch so far.
        self.history = history

    @property
    def epoch(self):
        return len(self.history)

    @classmethod
    def fresh(cls, inputs, hidden_units, seed):
        shuffling = random.Random(seed)
        network = Network.random(inputs, hidden_units, shuffling)
        return cls(network, Network.zeros_like(network), shuffling, [])

    @classmethod
    def load(cls, path):
        state = read_json(path)
        shuffling = random.Random()
        version, numbers, gauss = state["shuffling"]
        shuffling.setstate((version, tuple(numbers), gauss))
        return cls(Network(**state["network"]), Network(**state["velocity"]), shuffling, state["history"])

    def save(self, path):
        state = {
            "network": vars(self.network),
            "velocity": vars(self.velocity),
            "shuffling": self.shuffling.getstate(),
            "history": self.history,
        }
        write_json(path, state)

    def run_epoch(self, images, digits, parameters):
        """Trains on all images once, in a new order, and returns the mean loss."""
        order = list(range(len(images)))
        self.shuffling.shuffle(order)
        total_loss = 0.0
        for start in range(0, len(order), parameters.batch_size):
            batch = order[start : start + parameters.batch_size]
            gradient, loss = self.network.gradient([images[i] for i in batch], [digits[i] for i in batch])
            self.network.descend(gradient, self.velocity, parameters.learning_rate, parameters.momentum)
            total_loss += loss * len(batch)
        return total_loss / len(order)

    def write_reports(self):
        """Writes what people and charts look at. All of it follows from the model, and so never contradicts it."""
        if not self.history:
            return
        last = self.history[-1]
        write_json("metrics.json", {"loss": last["loss"], "accuracy": last["accuracy"]}, indent=2)
        write_table("history.csv", list(last), [entry.values() for entry in self.history])


def open_training(inputs, parameters):
    if not os.path.exists(MODEL):
        return Training.fresh(inputs, parameters.hidden_units, parameters.seed)
    try:
        training = Training.load(MODEL)
    except (ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"{MODEL} can't be read ({error}). Delete it to start afresh, or restore a checkpoint.")
    units = len(training.network.hidden)
    if units != parameters.hidden_units:
        raise SystemExit(
            f"{MODEL} has {units} hidden units, but params.yaml says train.hidden_units: {parameters.hidden_units}. "
            f"Set it back to continue this training, or delete {MODEL} to start afresh."
        )
    print(f"Continuing after epoch {training.epoch}", flush=True)
    return training


def check(parameters):
    for name in ("epochs", "hidden_units", "batch_size"):
        if getattr(parameters, name) < 1:
            raise SystemExit(f"params.yaml: train.{name} must be 1 or more.")


def train(training, parameters, images, digits):
    test_images, test_digits = read_digits("prepared/test.csv")
    # After an interruption between two files, or a step back to an older checkpoint.
    training.write_reports()
    if training.epoch >= parameters.epochs:
        print(f"Nothing to do: {MODEL} is trained for {training.epoch} epochs. Raise train.epochs, or delete it.")
    while training.epoch < parameters.epochs:
        started = time.monotonic()
        train_loss = training.run_epoch(images, digits, parameters)
        loss, accuracy = training.network.evaluate(test_images, test_digits)
        entry = {"epoch": training.epoch + 1, "train_loss": train_loss, "loss": loss, "accuracy": accuracy}
        training.history.append(entry)
        training.save(MODEL)
        training.write_reports()
        make_checkpoint(step=training.epoch, total=parameters.epochs, name=f"epoch-{training.epoch}")
        print(
            f"epoch {training.epoch:2}/{parameters.epochs}  loss {loss:.3f}  accuracy {accuracy:.3f}"
            f"  {time.monotonic() - started:.1f} s",
            flush=True,
        )


def main():
    parameters = read_parameters(
        "train", epochs=int, hidden_units=int, learning_rate=float, momentum=float, batch_size=int, seed=int
    )
    check(parameters)
    images, digits = read_digits("prepared/train.csv")
    training = open_training(len(images[0]), parameters)
    try:
        train(training, parameters, images, digits)
    except KeyboardInterrupt:
        print(f"\nStopped. {MODEL} holds the last full epoch; run this again to continue.", flush=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
