"""The functions that are planted, the kinds of faults that each gets, the tests to notice."""

from dataclasses import dataclass

from tools.mutants import operators


@dataclass(frozen=True)
class Target:
    """Functions of one file, the kinds of faults that are made of them, the tests to notice."""

    path: str
    functions: tuple[str, ...]
    kinds: tuple
    tests: tuple[str, ...]


def objective_tests(variant: str) -> tuple[str, ...]:
    """The test of what a variant optimises."""
    return (f"tests/zoo/test_{variant}_objective.py",)


LOSS_TESTS = {
    "latent.py": ("tests/test_latent_translation.py::test_kl_and_draws_by_hand",),
    "perceptual.py": (
        "tests/test_style.py::test_gram_matrix_by_hand",
        "tests/test_style.py::test_gram_matrix_does_not_depend_on_the_size",
        "tests/test_style.py::test_content_statistics_and_variation_by_hand",
    ),
}
RATES = "tests/conformance/test_construction.py::test_each_player_learns_at_its_own_rate[{}]"
SCHEDULED = "tests/test_training.py::test_any_keras_optimizer_with_a_schedule_keeps_it"
NOISE = "tests/test_training.py::test_replicas_draw_different_noise_and_agree_where_they_must"
# A run that is stopped and goes on, of a variant that takes little time.
RESUMED = (
    "tests/conformance/test_learning.py::"
    "test_an_interrupted_run_equals_one_that_never_stopped[pix2pix]",
)
STAGES = ("tests/test_training_stages.py",)
EVENTS = "tests/test_run_promises.py::test_tensorboard_reads_what_the_run_wrote"
FILES = tuple(
    f"tests/test_resume.py::{name}"
    for name in (
        "test_keeps_the_newest_checkpoints_and_removes_half_written_ones",
        "test_a_damaged_newest_checkpoint_is_named_and_the_one_before_used",
        "test_only_damaged_checkpoints_are_an_error",
        "test_a_full_disk_leaves_the_old_file",
        "test_values_that_are_not_finite_are_never_saved",
        "test_arrays_that_do_not_fit_change_nothing",
    )
) + (
    "tests/test_damaged_files.py::test_training_and_using_a_run_fall_back_to_the_same_checkpoint",
    "tests/test_damaged_files.py::test_a_checkpoint_of_another_model_is_no_damage",
    "tests/test_damaged_files.py::test_a_checkpoint_with_more_than_the_model_has_does_not_fit",
    "tests/test_damaged_files.py::test_what_is_older_than_the_restored_checkpoint_stays",
    "tests/test_training_logs.py::test_a_broken_loss_is_named_with_the_last_good_checkpoint",
)
LABELS = ("tests/test_training_multidomain.py::test_targets_are_the_labels_in_another_order",
          "tests/test_training_multidomain.py::test_replicas_share_targets")  # fmt: skip
LATENTS = (
    "tests/test_latent_translation.py::test_two_replicas_draw_what_one_device_draws",
    "tests/test_latent_translation.py::test_latents_are_drawn_from_the_prior",
)

MECHANISMS = (
    Target(
        "tfi2i/training/pool.py",
        ("ImagePool.exchange",),
        operators.MECHANISM,
        ("tests/test_training_pool.py",),
    ),
    Target(
        "tfi2i/training/player.py",
        ("Player.build", "Player.averaged", "Player.set_learning_rate", "Player.minimize"),
        operators.MECHANISM,
        ("tests/test_training_player.py", SCHEDULED),
    ),
    Target(
        "tfi2i/training/schedule.py",
        (
            "LinearDecay.factor", "LinearDecay.on_epoch_begin", "LinearToZero.factor",
            "Exponential.factor", "Halving.factor", "InverseTime.factor", "Tenths.factor",
            "ScheduledRate.__call__", "run_schedule",
        ),
        operators.MECHANISM,
        ("tests/test_training_schedule.py",),
    ),
    Target(
        "tfi2i/training/stages.py",
        ("stage_at", "check_epochs", "FollowEpochs.on_epoch_begin"),
        operators.MECHANISM,
        STAGES,
    ),
    Target(
        "tfi2i/training/gan.py",
        ("GAN.time", "GAN.rests", "GAN.begin_epoch"),
        operators.MECHANISM,
        (*STAGES, "tests/test_training_schedule.py"),
    ),
    Target(
        "tfi2i/training/replicas.py",
        (
            "gather_replicas", "batch_means", "own_share", "mini_batches", "uniform_for_each",
            "draws_for_each", "clip_weights", "mean_over_replicas", "draw_seed", "random_order",
        ),
        operators.MECHANISM,
        ("tests/test_training_replicas.py", NOISE),
    ),
    Target(
        "tfi2i/training/gan.py",
        ("GAN.report",),
        operators.MECHANISM,
        ("tests/test_training_player.py", *RESUMED),
    ),
    Target(
        "tfi2i/training/state.py",
        (
            "StatefulModel.state", "StatefulModel.network_state", "StatefulModel.averaged_weights",
        ),
        operators.MECHANISM,
        ("tests/test_training_player.py", *RESUMED),
    ),
    Target(
        "tfi2i/training/optimizers.py",
        (
            "FusedAdam.build", "FusedAdam._numbers", "FusedAdam.update_step",
            "FusedAdam._all_reduce_sum_gradients", "paper_adam",
        ),
        operators.MECHANISM,
        ("tests/test_optimizers.py",),
    ),
    Target(
        "tfi2i/training/files/arrays.py",
        ("write_arrays", "variables_to_arrays", "check_fit", "assign_arrays"),
        operators.MECHANISM,
        FILES,
    ),
    Target(
        "tfi2i/training/files/checkpoints.py",
        (
            "Checkpoints.newest", "Checkpoints.save", "Checkpoints.read_newest",
            "Checkpoints.restore",
        ),
        operators.MECHANISM,
        FILES,
    ),
    Target(
        "tfi2i/training/run/training.py",
        ("Training._fit_rest", "Training._fit_epochs"),
        operators.MECHANISM,
        (*RESUMED, "tests/test_whole_epochs.py", "tests/test_training_logs.py"),
    ),
    Target(
        "tfi2i/training/run/preparation.py",
        ("_dtype_policy",),
        operators.MECHANISM,
        ("tests/test_training_logs.py",),
    ),
    Target(
        "tfi2i/training/run/callbacks.py",
        (
            "WriteMetrics.on_epoch_begin", "WriteMetrics.on_train_batch_end",
            "WriteMetrics.on_epoch_end", "WriteMetrics._write",
        ),
        operators.MECHANISM,
        ("tests/test_training_logs.py", EVENTS),
    ),
    Target(
        "tfi2i/training/run/safety_callbacks.py",
        ("StopWhenNotFinite.on_train_batch_end",),
        operators.MECHANISM,
        ("tests/test_training_logs.py",),
    ),
    Target(
        "zoo/multidomain/_base.py",
        ("MultiDomainGAN.target_labels", "MultiDomainGAN.one_hot"),
        operators.MECHANISM,
        LABELS,
    ),
    Target(
        "zoo/paired/_base.py",
        ("LatentTranslationGAN.draw_latents", "LatentTranslationGAN.judged"),
        operators.MECHANISM,
        (*LATENTS, "tests/zoo/test_bicyclegan_objective.py"),
    ),
    Target(
        "zoo/generation/_latents.py",
        ("Latents.draw_latents",),
        operators.MECHANISM,
        ("tests/test_generation.py::test_priors", "tests/zoo/test_gan_objective.py"),
    ),
    Target(
        "zoo/unpaired/distancegan/games.py",
        (
            "CycleGANGame.judge", "CycleGANGame.discriminator_loss", "CycleGANGame.cycle",
            "CycleGANGame.generator_loss", "DiscoGANGame.judge", "DiscoGANGame.discriminator_loss",
            "DiscoGANGame.cycle", "DiscoGANGame.rate", "DiscoGANGame.generator_loss",
            "DiscoGANGame.decay",
        ),
        operators.OBJECTIVE,
        objective_tests("distancegan"),
    ),
    Target(
        "zoo/unpaired/distancegan/statistics.py",
        ("DistanceStatistics.measure", "DistanceStatistics.scale"),
        operators.OBJECTIVE,
        ("tests/test_zoo_distancegan.py", *objective_tests("distancegan")),
    ),
)  # fmt: skip
