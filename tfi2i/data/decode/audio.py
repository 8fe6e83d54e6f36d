"""Sound as pictures and back: wav files, log-mel spectrograms, Griffin-Lim.

A picture of sound is uint8 (64, T, 1): one row for each mel band, the highest first; one column for
each 16 ms; grey levels are decibels. Sound is float32 (N,) in [-1, 1] at 16 kHz, with one channel.
"""

import wave
from functools import lru_cache
from pathlib import Path

import numpy as np

from tfi2i.errors import DataError

SAMPLE_RATE = 16000
BANDS = 64
HOP = 256
_FRAME = 1024
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7600.0
# Black and white, in decibels below a sine of full scale.
_DARKEST_DB, _BRIGHTEST_DB = -80.0, -10.0
DECIBELS = _BRIGHTEST_DB - _DARKEST_DB
_GRIFFIN_LIM_ROUNDS = 60


def read_wav(path: str | Path) -> np.ndarray:
    """Reads a wav file of 16 bits at 16 kHz; several channels become their mean.

    Returns:
        float32 (N,) in [-1, 1].

    Raises:
        DataError: The file is missing, is no wav file, or has another form.
    """
    try:
        with wave.open(str(path), "rb") as file:
            rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            content = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise DataError(f"cannot read {path} as a wav file: {error}") from None
    if rate != SAMPLE_RATE or width != 2:
        raise DataError(
            f"{path} has {8 * width} bits at {rate} Hz; sound is 16 bits at {SAMPLE_RATE} Hz here. "
            f"Convert it, for example: ffmpeg -i {path} -ar {SAMPLE_RATE} -sample_fmt s16 OUT.wav"
        )
    samples = np.frombuffer(content, "<i2").reshape(-1, channels)
    if len(samples) < _FRAME:
        raise DataError(f"{path} is shorter than {_FRAME / SAMPLE_RATE:.3f} seconds")
    return samples.mean(axis=1, dtype=np.float32) / np.float32(32768)


def write_wav(path: str | Path, sound: np.ndarray) -> None:
    """Writes float32 (N,) as a wav file of 16 bits at 16 kHz; beyond [-1, 1] it is clipped."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.round(np.clip(sound, -1.0, 1.0) * 32767).astype("<i2").tobytes())


def sound_to_picture(sound: np.ndarray) -> np.ndarray:
    """The log-mel spectrogram of sound.

    Args:
        sound: float32 (N,), at least 1024 samples.

    Returns:
        uint8 (64, T, 1), T = 1 + (N - 1024) // 256.
    """
    import tensorflow as tf

    magnitudes = np.abs(tf.signal.stft(tf.constant(sound, tf.float32), _FRAME, HOP))
    mel = magnitudes @ _mel_matrix()
    decibels = 20.0 * np.log10(np.maximum(mel, 1e-8))
    levels = (decibels - _DARKEST_DB) / DECIBELS * 255.0
    return np.clip(np.round(levels), 0, 255).astype(np.uint8).T[::-1, :, None].copy()


def picture_to_sound(picture: np.ndarray) -> np.ndarray:
    """Sound whose spectrogram is close to a picture (Griffin and Lim 1984).

    The picture has neither phases nor single frequencies. A non-negative spectrum with these mel
    bands is taken, and phases that agree with it are sought in 60 rounds. There is no randomness.

    Args:
        picture: uint8 (64, T, 1).

    Returns:
        float32 (1024 + (T - 1) * 256,).
    """
    import tensorflow as tf

    decibels = picture[::-1, :, 0].T.astype(np.float32) / 255.0 * DECIBELS + _DARKEST_DB
    mel = np.where(picture[::-1, :, 0].T > 0, 10.0 ** (decibels / 20.0), 0.0)
    magnitudes = tf.constant(_spectrum(mel.astype(np.float32)), tf.complex64)
    window = tf.signal.inverse_stft_window_fn(HOP)

    def sound_of(spectrum):
        return tf.signal.inverse_stft(spectrum, _FRAME, HOP, window_fn=window)

    # Phases that advance as steady tones would: better than zeros, and the same every time.
    advance = 2.0 * np.pi * HOP / _FRAME * np.arange(_FRAME // 2 + 1)
    phases = np.exp(1j * np.outer(np.arange(len(mel)), advance)).astype(np.complex64)
    spectrum = magnitudes * phases
    for _ in range(_GRIFFIN_LIM_ROUNDS):
        found = tf.signal.stft(sound_of(spectrum), _FRAME, HOP)
        spectrum = magnitudes * found / tf.cast(tf.maximum(tf.abs(found), 1e-8), tf.complex64)
    return sound_of(spectrum).numpy()


@lru_cache(maxsize=1)
def _mel_matrix() -> np.ndarray:
    """(513, 64): a band's share of every frequency; a sine of full scale gives about 1."""
    import tensorflow as tf

    matrix = tf.signal.linear_to_mel_weight_matrix(
        BANDS, _FRAME // 2 + 1, SAMPLE_RATE, _LOWEST_HZ, _HIGHEST_HZ
    ).numpy()
    # The sum of a Hann window is half its length, and a real sine puts half of it at +f.
    return matrix * (4.0 / _FRAME)


def _spectrum(mel: np.ndarray) -> np.ndarray:
    """Non-negative magnitudes (T, 513) with given mel bands, by multiplicative updates."""
    matrix = _mel_matrix()
    spectrum = mel @ matrix.T / np.maximum(matrix.sum(axis=1) ** 2, 1e-8) * (4.0 / _FRAME)
    spectrum = np.maximum(spectrum, 1e-8)
    target = mel @ matrix.T
    gram = matrix @ matrix.T
    for _ in range(30):
        spectrum *= target / np.maximum(spectrum @ gram, 1e-12)
    return spectrum
