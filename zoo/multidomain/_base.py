"""Base of the variants that translate between many domains with one generator."""

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i import networks
from tfi2i.data import evaluation_domains, training_images
from tfi2i.errors import DataError, RecipeError
from tfi2i.image_sizes import Size
from tfi2i.metrics import evaluate, mean_figures
from tfi2i.training.replicas import gather_replicas, own_share, random_order
from tfi2i.training.sheet import Column, Panel
from tfi2i.training.views import View
from tfi2i.zoo.translation import TranslationGAN

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.metrics import FeatureExtractor


class MultiDomainGAN(TranslationGAN):
    """A GAN with a generator that takes an image and the label of a target domain.

    Its directions are `to_<domain>`, whatever domain an image comes from.

    Attributes:
        domains: Names of the domains, in the order of their labels.
        critic_steps: Mini-batches into which the discriminator's updates divide a batch.
        generator: [images, one-hot labels] -> images; the variant makes it.
    """

    generator: keras.Model
    mini_batches = "critic_steps"

    def __init__(self, *, domains: tuple[str, ...], critic_steps: int, **kwargs):
        """See `TranslationGAN`.

        Raises:
            RecipeError: There are not at least two domains with different names.
        """
        super().__init__(**kwargs)
        if len(domains) < 2 or len(set(domains)) != len(domains):
            raise RecipeError(
                f"model.domains must name two or more different domains, got {list(domains)}; "
                "training takes them from the images where they are left out"
            )
        self.domains = tuple(domains)
        self.critic_steps = critic_steps

    @classmethod
    def completed_config(cls, config: dict[str, Any], source: "DataSource") -> dict[str, Any]:
        """Takes the names of the domains from the images too, where the recipe names none.

        Raises:
            RecipeError: The recipe names other domains than the images have.
        """
        named, found = tuple(config["domains"]), source.class_names
        if named and found and named != found:
            raise RecipeError(
                f"model.domains is {list(named)}, but {source.name} has {list(found)}; the label "
                "of a domain is its place in this list. Leave model.domains out to take the latter"
            )
        return super().completed_config({**config, "domains": list(named or found)}, source)

    @property
    def shipped_networks(self) -> list[keras.Model]:
        """The one generator, which all directions share."""
        return [self.generator]

    @property
    def translators(self) -> dict[str, keras.Model]:
        """`to_<domain>` to the generator with this label, for every domain."""
        return self._translators

    # Not a plain attribute: Keras would take these views of the generator for further networks.
    @cached_property
    def _translators(self) -> dict[str, keras.Model]:
        return {
            f"to_{domain}": networks.towards_domain(self.generator, number, len(self.domains))
            for number, domain in enumerate(self.domains)
        }

    @property
    def open_views(self) -> dict[str, View]:
        """`translate`: an image and the label of any domain."""
        return {"translate": View(self._towards_any_domain, ("images", "domain"), reads="a")}

    @cached_property
    def _towards_any_domain(self) -> keras.Model:
        generator = self.generator
        # An editing generator gives its mask and its strokes too, after the image.
        model = keras.Model(generator.inputs, generator.outputs[0], name=generator.name)
        model.size_multiple = generator.size_multiple
        return model

    @property
    def label_names(self) -> tuple[str, ...]:
        """The domains."""
        return self.domains

    def sheet(
        self, source: "DataSource", *, split: str, size: Size, limit: int | None = None
    ) -> list[Panel]:
        """Images of all domains in turn, translated to each, and the truth where there is one."""
        domains = evaluation_domains(source, split=split, size=size, limit=limit)
        names, rows = list(domains), range(min(map(len, domains.values())))
        inputs = np.stack([domains[names[row % len(names)]][row] for row in rows])
        aligned, value_range = split == "test" and source.aligned_test, self.value_ranges["a"]
        return [
            Panel(
                [Column("input", inputs, None, value_range)],
                [
                    Column(
                        f"to {name}",
                        self.translate_batch(inputs, direction=f"to_{name}"),
                        domains[name],
                        value_range,
                    )
                    for name in names
                ],
                [
                    Column(f"true {name}", domains[name][: len(rows)], None, value_range)
                    for name in names
                ]
                if aligned
                else [],
                aligned=aligned,
                may_copy=self.keeps_most,
            )
        ]

    def measure(
        self,
        source: "DataSource",
        *,
        split: str,
        size: Size,
        limit: int | None = None,
        extractor: "FeatureExtractor | None" = None,
        features: bool = True,
    ) -> dict[str, Any]:
        """Means of `tfi2i.metrics.evaluate` over all pairs of domains, and for each `to_<domain>`.

        Each pair counts the same, however many images it has.

        Raises:
            DataError: If the source does not have the model's domains, or no such split.
        """
        domains = evaluation_domains(source, split=split, size=size, limit=limit)
        directions = {f"to_{domain}": domain for domain in domains}
        if {*directions} != {*self.translators}:
            raise DataError(
                f"{source.name} has the domains {', '.join(domains)}, but {self.name} translates "
                f"{', '.join(self.translators)}"
            )
        pairs = {
            direction: [
                evaluate(
                    partial(self.translate_batch, direction=direction),
                    images,
                    domains[target],
                    paired=split == "test" and source.aligned_test,
                    training_b=training_images(source, target, size),
                    value_ranges=source.value_ranges,
                    extractor=extractor,
                    features=features,
                )
                for domain, images in domains.items()
                if domain != target
            ]
            for direction, target in directions.items()
        }
        return {
            **mean_figures([pair for several in pairs.values() for pair in several]),
            **{direction: mean_figures(several) for direction, several in pairs.items()},
        }

    def target_labels(self, labels: tf.Tensor, site: int) -> tf.Tensor:
        """A permutation of the labels of the mini-batch of all replicas: (B,) to (B,)."""
        seed = self.noise_seed(site, per_replica=False)
        everyone = gather_replicas(labels)
        order = random_order(everyone.shape[0], seed)
        return own_share(tf.gather(everyone, order), labels.shape[0])

    def one_hot(self, labels: tf.Tensor) -> tf.Tensor:
        """Class numbers (B,) as the vectors (B, domains) that the generator takes."""
        return tf.one_hot(labels, len(self.domains))
