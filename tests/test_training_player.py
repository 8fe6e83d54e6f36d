"""One update of a player, against numbers by hand: scaling, precision, the running average."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.training import GAN, HalfCosine, Player
from tfi2i.training.replicas import gather_replicas
from tfi2i.zoo.paired.pix2pix import Pix2Pix
from tfi2i.zoo.unpaired.cyclegan import CycleGAN


def one_weight(value: float) -> keras.Model:
    """`w x`, without a bias."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.layers[0].kernel.assign([[value]])
    return model


def built(networks, optimizer, **options) -> Player:
    player = Player(networks, optimizer, **options)
    player.build("generator", GAN())
    return player


def weight_of(network: keras.Model) -> float:
    return float(network.get_weights()[0][0, 0])


def step(player: Player, network: keras.Model, factor: float = 1.0) -> None:
    """Minimises `factor w`."""
    with tf.GradientTape() as tape:
        loss = factor * tf.reduce_sum(tf.cast(network(tf.ones((1, 1))), tf.float32))
    player.minimize(loss, tape)


def test_the_running_average_after_three_updates():
    network = one_weight(1.0)
    player = built([network], keras.optimizers.SGD(0.1), ema_decay=0.9)
    found = []
    for _ in range(3):
        step(player, network)
        found.append((weight_of(network), float(player.averages[0].numpy()[0, 0])))
    # 0.9 of the average and 0.1 of the weight.
    np.testing.assert_allclose(found, [(0.9, 0.99), (0.8, 0.971), (0.7, 0.9439)], rtol=1e-6)


def test_a_half_life_that_grows_from_nothing():
    network, game = one_weight(1.0), GAN()
    growing = HalfCosine(0.0, 1.0, over=2)
    player = Player([network], keras.optimizers.SGD(0.1), ema_decay=0.9, half_life=growing)
    player.build("generator", game)
    found = []
    for _ in range(4):
        step(player, network)
        game.iteration.assign_add(1)
        found.append(float(player.averages[0].numpy()[0, 0]))
    # Nothing of the first average, 0.9 squared at half of the half-life, then 0.9.
    expected = [0.9, 0.81 * 0.9 + 0.19 * 0.8]
    expected += [0.9 * expected[1] + 0.1 * 0.7]
    expected += [0.9 * expected[2] + 0.1 * 0.6]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_layers_that_are_frozen_later_keep_their_own_averages():
    inputs = keras.Input((2,))
    outputs = keras.layers.Dense(3)(keras.layers.BatchNormalization()(inputs))
    network = keras.Model(inputs, outputs)
    player = built([network], keras.optimizers.SGD(0.1), ema_decay=0.9)
    for number, (variable, average) in enumerate(player.averaged()):
        variable.assign(tf.fill(variable.shape, float(number)))
        average.assign(tf.fill(average.shape, float(number)))
    network.layers[1].trainable = False
    for variable, average in player.averaged():
        assert np.ravel(variable.numpy())[0] == np.ravel(average.numpy())[0]


def test_networks_carry_their_averages_for_a_while():
    model = Pix2Pix(crop_size=16, filters=2, discriminator_filters=2, receptive_field=16, depth=2)
    model.compile(ema_decay=0.9)
    assert model.players["discriminator"].averaged() == []
    pairs = model.players["generator"].averaged()
    assert len(pairs) == len(model.generator.trainable_variables)
    for number, (variable, average) in enumerate(pairs):
        variable.assign(tf.fill(variable.shape, 1.0 + number))
        average.assign(tf.fill(average.shape, -1.0 - number))

    def firsts():
        return [float(np.ravel(variable.numpy())[0]) for variable, _ in pairs]

    trained = [1.0 + number for number in range(len(pairs))]
    with pytest.raises(KeyboardInterrupt), model.averaged_weights():
        assert firsts() == [-value for value in trained]
        raise KeyboardInterrupt
    assert firsts() == trained


def test_all_state_is_there_before_the_first_step():
    model = Pix2Pix(crop_size=16, filters=2, discriminator_filters=2, receptive_field=16, depth=2)
    model.compile(ema_decay=0.9)
    before = set(model.state())
    model.train_step((tf.zeros((1, 16, 16, 3)), tf.zeros((1, 16, 16, 3))))
    assert set(model.state()) == before
    weights = len(model.generator.trainable_variables)
    # Two moments and two numbers of Adam; an average.
    assert sum(name.startswith("generator_optimizer/") for name in before) == 2 * weights + 2
    assert sum(name.startswith("average/generator/") for name in before) == weights


def test_names_in_a_checkpoint():
    """Files of earlier versions are read by these names."""
    model = CycleGAN(
        crop_size=16, filters=2, discriminator_filters=2, receptive_field=16, blocks=1, pool_size=2
    )
    model.compile(ema_decay=0.9)
    names = set(model.state())
    assert {"iteration", "pool_a/images", "pool_b/stored"} <= names
    kernel = "generator_ab/" + model.generator_ab.trainable_variables[0].path
    assert {kernel, f"average/{kernel}"} <= names


def test_a_gradient_too_small_for_float16_arrives_whole():
    keras.config.set_dtype_policy("mixed_float16")
    network = one_weight(1.0)
    player = built([network], keras.optimizers.SGD(1e6))
    # float16 has nothing between 0 and 6e-8.
    step(player, network, factor=1e-8)
    assert weight_of(network) == pytest.approx(0.99, rel=1e-4)


@pytest.mark.parametrize(
    ("loss_of", "expected"),
    [
        # The mean of the global batch's 1, 2, 3, 6 is 3: the gradient of 3 w.
        (lambda scores: tf.reduce_mean(scores), 1.0 - 0.1 * 3.0),
        # (3 w)^2, of all scores together: 18 w. Replicas alone would have (1.5 w)^2 and (4.5 w)^2.
        (lambda scores: tf.reduce_mean(gather_replicas(scores)) ** 2, 1.0 - 0.1 * 18.0),
    ],
    ids=["mean over the batch", "of the global batch"],
)
@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.fault("16")
def test_replicas_step_as_one_device(loss_of, expected, replicas, two_replicas):
    strategy = two_replicas if replicas == 2 else tf.distribute.get_strategy()
    with strategy.scope():
        network = one_weight(1.0)
        player = built([network], keras.optimizers.SGD(0.1), ema_decay=0.8)

    @tf.function
    def train(images):
        with tf.GradientTape() as tape:
            loss = loss_of(network(images))
        player.minimize(loss, tape)

    whole = tf.constant([[1.0], [2.0], [3.0], [6.0]])
    if replicas == 1:
        train(whole)
    else:
        halves = strategy.experimental_distribute_values_from_function(
            lambda context: tf.split(whole, 2)[context.replica_id_in_sync_group]
        )
        strategy.run(train, args=(halves,))
    for copy in strategy.experimental_local_results(network.trainable_variables[0].value):
        np.testing.assert_allclose(copy, [[expected]], rtol=1e-6)
    average = player.averages[0].numpy()
    np.testing.assert_allclose(average, [[0.8 + 0.2 * expected]], rtol=1e-6)
