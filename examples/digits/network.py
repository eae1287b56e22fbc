"""A network with one hidden layer, trained by stochastic gradient descent with momentum. Plain lists of numbers.

A layer is a list of units, a unit the list of its weights. The last weight of each is its bias: the weight of an
input that is always 1.
"""

import math
from operator import mul

CLASSES = 10


class Network:
    def __init__(self, hidden, output):
        self.hidden = hidden
        self.output = output

    @classmethod
    def random(cls, inputs, hidden_units, random):
        """Weights for layers of rectified units: normally distributed, narrower for units with more inputs."""

        def layer(units, inputs):
            deviation = math.sqrt(2 / inputs)
            return [[random.gauss(0, deviation) for _ in range(inputs)] + [0.0] for _ in range(units)]

        return cls(layer(hidden_units, inputs), layer(CLASSES, hidden_units))

    @classmethod
    def zeros_like(cls, other):
        return cls(*([[0.0] * len(unit) for unit in layer] for layer in (other.hidden, other.output)))

    def activate(self, image):
        """Returns what the hidden units give, followed by the constant 1, and the probability of each digit."""
        image = [*image, 1.0]
        activations = [max(0.0, sum(map(mul, unit, image))) for unit in self.hidden]
        activations.append(1.0)
        scores = [sum(map(mul, unit, activations)) for unit in self.output]
        highest = max(scores)
        powers = [math.exp(score - highest) for score in scores]
        total = sum(powers)
        return activations, [power / total for power in powers]

    def classify(self, image):
        """Returns the digit that the image most probably shows."""
        _, probabilities = self.activate(image)
        return probabilities.index(max(probabilities))

    def evaluate(self, images, digits):
        """Returns the mean cross-entropy loss and the share of digits that are recognised."""
        loss = correct = 0
        for image, digit in zip(images, digits):
            _, probabilities = self.activate(image)
            loss -= math.log(max(probabilities[digit], 1e-300))
            correct += probabilities[digit] == max(probabilities)
        return loss / len(images), correct / len(images)

    def gradient(self, images, digits):
        """Returns the mean gradient of the loss over a batch, in the form of a network, and the mean loss."""
        gradient = Network.zeros_like(self)
        loss = 0.0
        for image, digit in zip(images, digits):
            activations, errors = self.activate(image)
            loss -= math.log(max(errors[digit], 1e-300))
            errors[digit] -= 1
            back = [0.0] * len(self.hidden)
            for error, unit, slopes in zip(errors, self.output, gradient.output):
                add_scaled(slopes, activations, error)
                add_scaled(back, unit, error)
            image = [*image, 1.0]
            for error, activation, slopes in zip(back, activations, gradient.hidden):
                # A rectified unit that gave nothing has no share in the error.
                if activation > 0:
                    add_scaled(slopes, image, error)
        for slopes in gradient.hidden + gradient.output:
            slopes[:] = [slope / len(images) for slope in slopes]
        return gradient, loss / len(images)

    def descend(self, gradient, velocity, learning_rate, momentum):
        """Takes one step downhill. The velocity, of the form of a network, is what momentum remembers of the last."""
        for units, speeds, slopes in (
            (self.hidden, velocity.hidden, gradient.hidden),
            (self.output, velocity.output, gradient.output),
        ):
            for unit, speed, slope in zip(units, speeds, slopes):
                speed[:] = [momentum * old - learning_rate * new for old, new in zip(speed, slope)]
                add_scaled(unit, speed, 1.0)


def add_scaled(target, values, factor):
    """Adds the values times the factor to the target, as far as it is long."""
    target[:] = [old + factor * value for old, value in zip(target, values)]
